-- ARGV: lifetime in ms. Replies the fields, or 'taken' when the device exists.
if expiry_of_client() then return 'taken' end
local expires = now + tonumber(ARGV[3])
redis.call('UNLINK', unpack(KEYS))
redis.call('HSET', KEYS[1], 'rotation', 1, 'last', '', 'strategy', '', 'created', int(now), 'updated', int(now),
  'expires', int(expires))
keep_client(expires)
return redis.call('HGETALL', KEYS[1])
