-- ARGV: id. Makes a session whose time is up what it is. Replies {'due', when its time is up}, {'over', session}, or
-- {'gone', when it is forgotten} when somebody was told of its end, '' when there is none.
local s = load_user_session(ARGV[3])
if not s then return { 'gone', '' } end
if s.told then return { 'gone', int(s.endedAtMs + KEPT_MS) } end
if is_active(s) then return { 'due', int(due_of(s)) } end
local text = save_user_session(s)
keep_user_keys()
return { 'over', text }
