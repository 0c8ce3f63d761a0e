-- KEYS: records, listing. ARGV: the position to list from ('+inf': the newest), limit. Replies {position, record, ...},
-- newest first, with one more than `limit` if more follow.
local found = redis.call('ZREVRANGEBYSCORE', KEYS[2], '(' .. ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4] + 1)
local reply = {}
for at = 1, #found, 2 do
  reply[#reply + 1] = found[at + 1]
  reply[#reply + 1] = redis.call('HGET', KEYS[1], found[at])
end
return reply
