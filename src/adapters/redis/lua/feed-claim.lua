-- KEYS: the owner of a feed. ARGV: node, lease in ms. Replies the epoch, or nil while another node owns the feed.
local owner = redis.call('HMGET', KEYS[1], 'node', 'epoch', 'until')
local is_owned = owner[3] and tonumber(owner[3]) > now
if is_owned and owner[1] ~= ARGV[3] then return nil end
local epoch = (tonumber(owner[2]) or 0) + (is_owned and 0 or 1)
redis.call('HSET', KEYS[1], 'node', ARGV[3], 'epoch', int(epoch), 'until', int(now + tonumber(ARGV[4])))
return int(epoch)
