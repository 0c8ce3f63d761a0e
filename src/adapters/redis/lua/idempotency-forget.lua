-- KEYS: one idempotency key. ARGV: operation. Does nothing when the key belongs to another operation by now.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
return redis.call('DEL', KEYS[1])
