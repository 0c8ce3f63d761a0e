-- KEYS: one level.
return redis.call('DEL', KEYS[1])
