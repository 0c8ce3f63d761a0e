-- KEYS: nodes. ARGV: id, report as JSON, lease in ms. Replies {this node's previous lease or '', the ids of the nodes that
-- it removed with commas between them, then lease and report of every live node}.
local before = redis.call('HGET', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[3], int(now + tonumber(ARGV[5])) .. ' ' .. ARGV[4])
-- The expiry removes the key when no node is left to do it.
redis.call('PEXPIRE', KEYS[1], int(tonumber(ARGV[5]) + 60000))
local live = { before and string.match(before, '^(%d+) ') or '', '' }
local lost = {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local lease, report = string.match(all[at + 1], '^(%d+) (.*)$')
  if tonumber(lease) > now then
    live[#live + 1] = lease
    live[#live + 1] = report
  else
    redis.call('HDEL', KEYS[1], all[at])
    lost[#lost + 1] = all[at]
  end
end
live[2] = table.concat(lost, ',')
return live
