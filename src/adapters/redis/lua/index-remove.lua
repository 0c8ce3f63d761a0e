-- KEYS: everybody's listing, the project's listing, expiry. ARGV: session id, expiry's member.
-- Replies 1 to the one caller that removed it.
redis.call('ZREM', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[3])
return redis.call('ZREM', KEYS[3], ARGV[4])
