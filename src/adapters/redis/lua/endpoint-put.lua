-- KEYS: endpoints (hash: id to JSON), the same by owner (sorted set of 'owner id' without scores), the revision. ARGV: id,
-- owner, version, most of one owner, record.
local before = redis.call('HGET', KEYS[1], ARGV[3])
if before == ARGV[7] then return 'written' end
if tonumber(ARGV[5]) ~= (before and cjson.decode(before).version or 0) + 1 then return 'changed' end
local count = redis.call('ZLEXCOUNT', KEYS[2], '[' .. ARGV[4] .. ' ', '(' .. ARGV[4] .. '!')
if not before and count >= tonumber(ARGV[6]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[7])
redis.call('ZADD', KEYS[2], 0, ARGV[4] .. ' ' .. ARGV[3])
redis.call('INCR', KEYS[3])
return 'written'
