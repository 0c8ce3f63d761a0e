-- KEYS: one idempotency key. ARGV: operation, response. Nothing when the key is another operation's by now.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'response', ARGV[4])
return 1
