-- ARGV: id. Stores the new status of a session that has expired. Replies {'due', when it will expire} or {'over',
-- session}; {'gone', when it is forgotten} if a caller knows of its end; {'gone', ''} if it does not exist.
local s = load_user_session(ARGV[3])
if not s then return { 'gone', '' } end
if s.told then return { 'gone', int(s.endedAtMs + KEPT_MS) } end
if is_active(s) then return { 'due', int(due_of(s)) } end
local is_news = not s.swept and (s.status == 'expired' or s.status == 'abandoned')
s.swept = true
local text = save_user_session(s)
if is_news then tell_session('expired', text) end
keep_user_keys()
return { 'over', text }
