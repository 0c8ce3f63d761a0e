-- KEYS: expiry. ARGV: member, when it is due. Lowers the hint of a member that is there.
redis.call('ZADD', KEYS[1], 'XX', 'LT', ARGV[4], ARGV[3])
return 1
