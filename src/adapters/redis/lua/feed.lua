-- Put in front of every script whose changes make events. The last two keys are the feed (a stream) and its owner (a
-- hash) of the partition of the other keys. An event is one text, which event-codec.ts reads: sequence, time, project,
-- session and type, separated by single spaces, then what belongs to the type. What has no value is ''.
local feed_owner_key, feed_key = table.remove(KEYS), table.remove(KEYS)

-- Drops and counts the oldest events of a feed with too many bytes, until a quarter is free. The owner's count of bytes
-- may be too high, because it does not go down when events are settled.
local function bound_feed_bytes()
  local places, sizes, total, from = {}, {}, 0, '-'
  while true do
    local some = redis.call('XRANGE', feed_key, from, '+', 'COUNT', 64)
    if #some == 0 then break end
    for _, entry in ipairs(some) do
      places[#places + 1], sizes[#sizes + 1] = entry[1], #entry[2][2]
      total = total + #entry[2][2]
    end
    from = '(' .. some[#some][1]
  end
  local first, most = 1, total > MAX_FEED_BYTES and MAX_FEED_BYTES * 3 / 4 or total
  while total > most and first < #places do
    total, first = total - sizes[first], first + 1
  end
  if first > 1 then
    redis.call('HINCRBY', feed_owner_key, 'dropped', redis.call('XTRIM', feed_key, 'MINID', places[first]))
  end
  redis.call('HSET', feed_owner_key, 'bytes', int(total))
end

-- Only large events are counted: the others cannot be too many bytes, and the count would slow each join down.
local function write_to_feed(text)
  redis.call('XADD', feed_key, '*', 'e', text)
  if #text <= LARGE_EVENT then return end
  if redis.call('HINCRBY', feed_owner_key, 'bytes', #text) > MAX_FEED_BYTES then bound_feed_bytes() end
end

-- Drops and counts the oldest events of a full feed.
local function bound_feed()
  if redis.call('XLEN', feed_key) <= MAX_FEED_EVENTS then return end
  redis.call('HINCRBY', feed_owner_key, 'dropped', redis.call('XTRIM', feed_key, 'MAXLEN', MAX_FEED_EVENTS))
end

-- Writes an event that belongs to no relay session.
local function tell(facts)
  write_to_feed(' ' .. int(now) .. '   ' .. facts)
  bound_feed()
end
