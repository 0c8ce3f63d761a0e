-- KEYS: position counter, everybody's listing, the project's listing, expiry. ARGV: session id, expiry's member, ttl in ms.
local position = redis.call('INCR', KEYS[1])
redis.call('ZADD', KEYS[2], 'NX', position, ARGV[3])
redis.call('ZADD', KEYS[3], 'NX', position, ARGV[3])
redis.call('ZADD', KEYS[4], 'NX', int(now + tonumber(ARGV[5])), ARGV[4])
return 1
