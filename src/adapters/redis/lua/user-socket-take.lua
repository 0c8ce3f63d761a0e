-- ARGV: socket id, node id, max (0: no limit), 'reject_new' or 'replace_old', ttl in ms.
-- Replies {'too_many_sockets'}, or {'taken', then socket id and node id of each replaced socket}.
local places = load_places()
local max = tonumber(ARGV[5])
local reply, mine, last = { 'taken' }, nil, 0
for _, place in ipairs(places) do
  if place.id == ARGV[3] then mine = place end
  last = place.order
end
local excess = (max > 0 and not mine) and #places - max + 1 or 0
if excess > 0 and ARGV[6] == 'reject_new' then return { 'too_many_sockets' } end
for at = 1, excess do
  redis.call('HDEL', KEYS[1], places[at].id)
  reply[#reply + 1] = places[at].id
  reply[#reply + 1] = places[at].node
end
mine = mine or { id = ARGV[3], order = last + 1 }
mine.node, mine.ends = ARGV[4], now + tonumber(ARGV[7])
save_place(mine)
return reply
