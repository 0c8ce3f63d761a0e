-- KEYS: one idempotency key.
return redis.call('DEL', KEYS[1])
