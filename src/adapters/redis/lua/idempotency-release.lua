-- KEYS: one idempotency key. ARGV: operation. It does not run any more; a repeat goes on with it.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0)
return 1
