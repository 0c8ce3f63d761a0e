-- KEYS: as in user-session-index-add.lua. ARGV: members of finished sessions, each followed by when it is forgotten, or
-- '' when the session does not exist. Replies the members whose hint this call removed.
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
