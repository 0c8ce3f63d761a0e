-- ARGV: scope, how long to remember the end in ms. Removes the session. Replies its project, or nil without a session.
local s = load_session(ARGV[3])
if not s then return nil end
local before = snapshot()
finish('ended', ARGV[4])
emit(s, 'session.ended ended\n' .. before)
keep_events(0)
return s.project
