-- KEYS: API keys. ARGV: id, record.
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
return 1
