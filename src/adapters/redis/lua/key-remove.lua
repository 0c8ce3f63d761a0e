-- KEYS: API keys. ARGV: id, scope. Replies 1, or 0 when the key does not exist in this scope.
local key = redis.call('HGET', KEYS[1], ARGV[3])
if not key or (ARGV[4] ~= '' and cjson.decode(key).projectId ~= ARGV[4]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[3] .. '/used')
return redis.call('HDEL', KEYS[1], ARGV[3])
