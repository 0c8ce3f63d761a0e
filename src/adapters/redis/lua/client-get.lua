-- Replies {fields, sessions}, or nil when the device does not exist.
if not expiry_of_client() then return nil end
drop_forgotten_sessions()
return { redis.call('HGETALL', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1) }
