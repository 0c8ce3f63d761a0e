-- KEYS: feeds, each before its owner. ARGV: node, epoch and place for each feed. Removes the events up to this place.
-- Replies 1 for each feed, or 0 where the node does not own it.
local replies = {}
for at = 1, #KEYS, 2 do
  local first = 3 + (at - 1) / 2 * 3
  local owner = redis.call('HMGET', KEYS[at + 1], 'node', 'epoch', 'until')
  local owns = owner[1] == ARGV[first] and owner[2] == ARGV[first + 1] and tonumber(owner[3]) > now
  if owns then
    local ms, number = string.match(ARGV[first + 2], '^(%d+)-(%d+)$')
    redis.call('XTRIM', KEYS[at], 'MINID', ms .. '-' .. int(tonumber(number) + 1))
  end
  replies[#replies + 1] = owns and 1 or 0
end
return replies
