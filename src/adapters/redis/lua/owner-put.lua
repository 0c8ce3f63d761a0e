-- KEYS: the owner of a user session. ARGV: the user, ttl in ms.
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
