-- ARGV: node, epoch, the last position of the feed to remove, six bounds; then for each delivery: id, target, lane or '',
-- owner, time, bytes of the body, record, body.
if not owns(ARGV[3], ARGV[4]) then return { 'not_owner' } end
local ms, seq = string.match(ARGV[5], '^(%d+)-(%d+)$')
redis.call('XTRIM', feed_key, 'MINID', ms .. '-' .. int(tonumber(seq) + 1))
for at = 12, #ARGV, 8 do
  local id = ARGV[at]
  if redis.call('HSETNX', records, id, ARGV[at + 6]) == 1 then
    redis.call('HSET', bodies, id, ARGV[at + 7])
    add(id, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
  end
end
keep_bounds(6)
return changed()
