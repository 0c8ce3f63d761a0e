-- ARGV: '=<last active session>' ('=': none) or ''; '=<strategy>' or ''; '+' to raise the rotation, '=<rotation>' to
-- raise it only from that value, or ''. An empty argument changes nothing. Replies the fields, or nil.
if not expiry_of_client() then return nil end
local from = string.match(ARGV[5], '^=(.*)')
if from and from ~= redis.call('HGET', KEYS[1], 'rotation') then return nil end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'last', string.sub(ARGV[3], 2)) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'strategy', string.sub(ARGV[4], 2)) end
if ARGV[5] ~= '' then redis.call('HINCRBY', KEYS[1], 'rotation', 1) end
redis.call('HSET', KEYS[1], 'updated', int(now))
return redis.call('HGETALL', KEYS[1])
