-- KEYS: listing of all projects, listing of the project, expiry hints. ARGV: session id, member of the expiry hints.
-- Replies 1 to the caller that removed the hint, else 0.
redis.call('ZREM', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[3])
return redis.call('ZREM', KEYS[3], ARGV[4])
