-- KEYS: one idempotency key. ARGV: operation. Marks the operation as no longer running, so that a repeat continues it.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0)
return 1
