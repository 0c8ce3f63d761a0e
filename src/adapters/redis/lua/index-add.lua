-- KEYS: position counter, listing of all projects, listing of the project, expiry hints. ARGV: session id, member of
-- the expiry hints, ttl in ms.
local position = redis.call('INCR', KEYS[1])
redis.call('ZADD', KEYS[2], 'NX', position, ARGV[3])
redis.call('ZADD', KEYS[3], 'NX', position, ARGV[3])
redis.call('ZADD', KEYS[4], 'NX', int(now + tonumber(ARGV[5])), ARGV[4])
return 1
