-- ARGV: '=last active session' ('=': none) or '', '=strategy' or '', '1' to raise the rotation. Replies the fields, or nil.
if not expiry_of_client() then return nil end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'last', string.sub(ARGV[3], 2)) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'strategy', string.sub(ARGV[4], 2)) end
if ARGV[5] == '1' then redis.call('HINCRBY', KEYS[1], 'rotation', 1) end
redis.call('HSET', KEYS[1], 'updated', int(now))
return redis.call('HGETALL', KEYS[1])
