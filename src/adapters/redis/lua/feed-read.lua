-- KEYS: feeds, each before its owner. ARGV: how many events a feed holds, limit. Replies a list per feed: the number of
-- dropped events, place, event, ...
local replies = {}
for at = 1, #KEYS, 2 do
  local feed, owner = KEYS[at], KEYS[at + 1]
  if redis.call('XLEN', feed) > tonumber(ARGV[3]) then
    redis.call('HINCRBY', owner, 'dropped', redis.call('XTRIM', feed, 'MAXLEN', ARGV[3]))
  end
  local reply = { redis.call('HGET', owner, 'dropped') or '0' }
  for _, entry in ipairs(redis.call('XRANGE', feed, '-', '+', 'COUNT', ARGV[4])) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][2]
  end
  replies[#replies + 1] = reply
end
return replies
