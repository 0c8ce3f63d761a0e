-- KEYS: the owner of a feed. ARGV: node, epoch. Gives the feed up, unless another node owns it.
local owner = redis.call('HMGET', KEYS[1], 'node', 'epoch')
if owner[1] == ARGV[3] and owner[2] == ARGV[4] then redis.call('HSET', KEYS[1], 'until', 0) end
return 1
