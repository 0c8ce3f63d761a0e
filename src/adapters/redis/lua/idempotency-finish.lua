-- KEYS: one idempotency key. ARGV: operation, response. Does nothing when the key belongs to another operation by now.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'response', ARGV[4])
return 1
