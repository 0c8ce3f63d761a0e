-- ARGV: scope, how long to remember the end in ms. Removes the session. Replies its project, or nil without a session.
local s = load_session(ARGV[3])
if not s then return nil end
finish('ended', ARGV[4])
return s.project
