-- ARGV: limit. Replies {number of dropped events, place, event, ...}.
bound_feed()
local reply = { redis.call('HGET', feed_owner_key, 'dropped') or '0' }
for _, entry in ipairs(redis.call('XRANGE', feed_key, '-', '+', 'COUNT', ARGV[3])) do
  reply[#reply + 1] = entry[1]
  reply[#reply + 1] = entry[2][2]
end
return reply
