-- ARGV: id. Stores the new status of a session that has expired. Replies {'due', when it will expire} or {'over',
-- session}; {'gone', when it is forgotten} if a caller knows of its end; {'gone', ''} if it does not exist.
local s = load_user_session(ARGV[3])
if not s then return { 'gone', '' } end
if s.told then return { 'gone', int(s.endedAtMs + KEPT_MS) } end
if is_active(s) then return { 'due', int(due_of(s)) } end
local text = save_user_session(s)
keep_user_keys()
return { 'over', text }
