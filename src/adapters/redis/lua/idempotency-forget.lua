-- KEYS: one idempotency key. ARGV: operation. Nothing when the key is another operation's by now.
if redis.call('HGET', KEYS[1], 'operation') ~= ARGV[3] then return 0 end
return redis.call('DEL', KEYS[1])
