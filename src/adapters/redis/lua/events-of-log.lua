-- KEYS: the newest positions of the logs, the log. ARGV: the log's name, the position to read after, limit, how long a
-- log keeps an event in ms. Replies {newest, oldest, position, partition, place in the feed, event, ...}.
local after = tonumber(ARGV[4])
local newest = tonumber(redis.call('HGET', KEYS[1], ARGV[3])) or 0
local oldest = newest + 1
local from = '-'
while oldest > newest do
  local some = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 100)
  if #some == 0 then break end
  for _, entry in ipairs(some) do
    local time = string.match(entry[2][6], '^%d* (%d+)')
    if not time or tonumber(time) > now - tonumber(ARGV[6]) then
      oldest = tonumber(string.match(entry[1], '^%d+'))
      break
    end
  end
  from = '(' .. some[#some][1]
end
local reply = { newest, oldest }
if after > newest or after < oldest - 1 then return reply end
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], int(after + 1) .. '-0', '+', 'COUNT', ARGV[5])) do
  reply[#reply + 1] = string.match(entry[1], '^%d+')
  for at = 2, 6, 2 do reply[#reply + 1] = entry[2][at] end
end
return reply
