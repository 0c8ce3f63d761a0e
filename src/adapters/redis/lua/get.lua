-- ARGV: scope. Replies the snapshot, or nil.
local v = redis.call('HMGET', session_key, 'project', 'expires')
if not v[1] or tonumber(v[2]) <= now or (ARGV[3] ~= '' and ARGV[3] ~= v[1]) then return nil end
return snapshot()
