-- KEYS: listing of all projects, listing of the project, expiry hints. ARGV: for each session its id and its member of the
-- expiry hints. Replies the ids whose hint this call removed.
local removed = {}
for at = 3, #ARGV, 2 do
  redis.call('ZREM', KEYS[1], ARGV[at])
  redis.call('ZREM', KEYS[2], ARGV[at])
  if redis.call('ZREM', KEYS[3], ARGV[at + 1]) == 1 then removed[#removed + 1] = ARGV[at] end
end
return removed
