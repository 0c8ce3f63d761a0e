-- KEYS: one value. ARGV: value, ttl in ms. Stores 'expires value'.
redis.call('SET', KEYS[1], int(now + tonumber(ARGV[4])) .. ' ' .. ARGV[3], 'PX', ARGV[4])
return 1
