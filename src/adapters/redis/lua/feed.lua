-- Put in front of every script whose changes make events. The last two keys are the feed (a stream) and its owner (a
-- hash) of the partition of the other keys. An event is one text, which event-codec.ts reads: sequence, time, project,
-- session and type, separated by single spaces, then what belongs to the type. What has no value is ''.
local feed_owner_key, feed_key = table.remove(KEYS), table.remove(KEYS)

local function write_to_feed(text)
  redis.call('XADD', feed_key, '*', 'e', text)
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
