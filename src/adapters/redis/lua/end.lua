-- ARGV: scope, for how long to remember it. Removes the session; replies its project, or nil.
local s = load_session(ARGV[3])
if not s then return nil end
finish('ended', ARGV[4])
return s.project
