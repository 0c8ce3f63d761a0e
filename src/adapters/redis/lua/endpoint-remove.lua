-- KEYS: as in endpoint-put.lua. ARGV: id. Replies 1 when there was one.
local before = redis.call('HGET', KEYS[1], ARGV[3])
if not before then return 0 end
redis.call('HDEL', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], cjson.decode(before).owner .. ' ' .. ARGV[3])
redis.call('INCR', KEYS[3])
return 1
