-- ARGV: id. Makes a session whose time is up what it is. Replies {'due', when its time is up}, {'over', session}, or
-- {'gone'} when there is none or somebody was told of its end.
local s = load_user_session(ARGV[3])
if not s or s.told then return { 'gone' } end
if is_active(s) then return { 'due', int(due_of(s)) } end
local text = save_user_session(s)
keep_user_keys()
return { 'over', text }
