-- ARGV: 'session user', lifetime in ms. Lists a session that is about to be opened. Does nothing without the device.
local expires = expiry_of_client()
if not expires then return 0 end
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', KEYS[2], int(math.max(now, last and last + 1 or 0)), ARGV[3])
redis.call('ZADD', KEYS[3], int(now + tonumber(ARGV[4]) + KEPT_MS), ARGV[3])
keep_client(expires)
return 1
