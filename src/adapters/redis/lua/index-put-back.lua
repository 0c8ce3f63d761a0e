-- KEYS: expiry hints. ARGV: member, its claim, when it is due. Does nothing when the hint has changed since the claim.
if redis.call('ZSCORE', KEYS[1], ARGV[3]) == ARGV[4] then redis.call('ZADD', KEYS[1], ARGV[5], ARGV[3]) end
return 1
