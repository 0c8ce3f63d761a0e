-- KEYS: expiry. ARGV: member, the claim it is under, when it is due. A change in between stays.
if redis.call('ZSCORE', KEYS[1], ARGV[3]) == ARGV[4] then redis.call('ZADD', KEYS[1], ARGV[5], ARGV[3]) end
return 1
