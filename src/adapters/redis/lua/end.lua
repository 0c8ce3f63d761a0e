-- ARGV: scope. Removes the session; replies its project, or nil.
local s = load_session(ARGV[3])
if not s then return nil end
redis.call('UNLINK', unpack(KEYS))
return s.project
