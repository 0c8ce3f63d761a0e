-- KEYS: a feed, its owner. ARGV: node, epoch, place. Removes the events up to this place. Replies 1, or 0 when the node
-- does not own the feed.
local owner = redis.call('HMGET', KEYS[2], 'node', 'epoch', 'until')
if owner[1] ~= ARGV[3] or owner[2] ~= ARGV[4] or tonumber(owner[3]) <= now then return 0 end
local ms, number = string.match(ARGV[5], '^(%d+)-(%d+)$')
redis.call('XTRIM', KEYS[1], 'MINID', ms .. '-' .. int(tonumber(number) + 1))
return 1
