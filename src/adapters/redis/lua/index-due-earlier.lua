-- KEYS: expiry hints. ARGV: member, when it is due. Lowers the member's hint; does nothing without one.
redis.call('ZADD', KEYS[1], 'XX', 'LT', ARGV[4], ARGV[3])
return 1
