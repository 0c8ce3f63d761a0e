-- KEYS: a sorted set by when each member is due. ARGV: members. Removes them; replies those that this caller removed.
local removed = {}
for at = 3, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[at]) == 1 then removed[#removed + 1] = ARGV[at] end
end
return removed
