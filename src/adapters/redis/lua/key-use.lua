-- KEYS: API keys. ARGV: id, time. Keeps the latest time. Does nothing when the key does not exist.
if redis.call('HEXISTS', KEYS[1], ARGV[3]) == 0 then return 0 end
local field = ARGV[3] .. '/used'
local kept = tonumber(redis.call('HGET', KEYS[1], field) or '0')
if kept >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], field, ARGV[4])
return 1
