-- KEYS: feeds, each before its owner. ARGV: how many events a feed holds, limit, how many bytes of events are enough for
-- all feeds together. Replies a list per feed: the number of dropped events, how many it holds, place, event, ...
local STEP = 16
local limit, left = tonumber(ARGV[4]), tonumber(ARGV[5])

local function read(feed, reply)
  local from, count = '-', 0
  while count < limit and left > 0 do
    local some = redis.call('XRANGE', feed, from, '+', 'COUNT', math.min(STEP, limit - count))
    if #some == 0 then return end
    for _, entry in ipairs(some) do
      if left <= 0 then return end
      reply[#reply + 1] = entry[1]
      reply[#reply + 1] = entry[2][2]
      left, count = left - #entry[2][2], count + 1
    end
    from = '(' .. some[#some][1]
  end
end

local replies, feeds = {}, #KEYS / 2
-- A different feed is the first one each time, so that none waits for ever behind one with large events.
local first = tonumber(clock[2]) % feeds
for turn = 0, feeds - 1 do
  local at = (first + turn) % feeds
  local feed, owner = KEYS[2 * at + 1], KEYS[2 * at + 2]
  local held = redis.call('XLEN', feed)
  if held > tonumber(ARGV[3]) then
    local dropped = redis.call('XTRIM', feed, 'MAXLEN', ARGV[3])
    redis.call('HINCRBY', owner, 'dropped', dropped)
    held = held - dropped
  end
  local counts = redis.call('HMGET', owner, 'dropped', 'bytes')
  if held == 0 and (counts[2] or '0') ~= '0' then redis.call('HSET', owner, 'bytes', 0) end
  local reply = { counts[1] or '0', held }
  read(feed, reply)
  replies[at + 1] = reply
end
return replies
