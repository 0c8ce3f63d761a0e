-- KEYS: listing, when each is left out of it, when each is due (sorted sets). ARGV: members of sessions that are over, each
-- with when it is forgotten, or '' when there is no such session. Replies those whose hint this caller removed.
local removed = {}
for at = 3, #ARGV, 2 do
  local member, forgotten = ARGV[at], ARGV[at + 1]
  if redis.call('ZREM', KEYS[3], member) == 1 then removed[#removed + 1] = member end
  if forgotten == '' then
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZREM', KEYS[2], member)
  else
    redis.call('ZADD', KEYS[2], 'XX', 'LT', forgotten, member)
  end
end
return removed
