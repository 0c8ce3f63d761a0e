-- KEYS: the sessions that a user acts through. ARGV: 'session user' of a session that is about to be opened, its lifetime
-- in ms. Drops entries whose lifetime is over; the key lives a minute longer than its last entry.
local KEEP_AFTER_MS = 60000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', int(now))
redis.call('ZADD', KEYS[1], int(now + tonumber(ARGV[4])), ARGV[3])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[1], int(last - now + KEEP_AFTER_MS))
return 1
