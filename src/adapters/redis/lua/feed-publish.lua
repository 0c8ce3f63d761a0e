-- KEYS: the newest positions of the logs, then logs. ARGV: partition, how many events and for how long in ms a log keeps
-- them, the number of logs, their names, then for each event: its place in the feed, the numbers of its two logs, the
-- event. Appends the events that the logs do not have.
local most, kept_ms, logs = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local fields = { 'at ' .. ARGV[3] }
for at = 1, logs do fields[at + 1] = ARGV[6 + at] end
local values = redis.call('HMGET', KEYS[1], unpack(fields))
local newest = {}
for at = 1, logs do newest[at] = tonumber(values[at + 1]) or 0 end

local function parts_of(place)
  local ms, number = string.match(place, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local last_ms, last_number = parts_of(values[1] or '0-0')

local place
for at = 7 + logs, #ARGV, 4 do
  local ms, number = parts_of(ARGV[at])
  if ms > last_ms or (ms == last_ms and number > last_number) then
    place, last_ms, last_number = ARGV[at], ms, number
    for of = at + 1, at + 2 do
      local log = tonumber(ARGV[of])
      newest[log] = newest[log] + 1
      redis.call('XADD', KEYS[1 + log], 'MAXLEN', '~', most, int(newest[log]) .. '-0', 'p', ARGV[3], 'a', place,
        'e', ARGV[at + 3])
    end
  end
end
if not place then return 0 end

-- The text of an event begins with its sequence and its time.
local function is_old(entry)
  return tonumber(string.match(entry[2][6], '^%d* (%d+)') or now) <= now - kept_ms
end

local changed = { fields[1], place }
for at = 1, logs do
  changed[#changed + 1], changed[#changed + 2] = fields[at + 1], int(newest[at])
  local key = KEYS[1 + at]
  -- The oldest events go when they are too old, a few with each call.
  local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
  if is_old(first) then
    local some = redis.call('XRANGE', key, '-', '+', 'COUNT', 200)
    local young = 2
    while young < #some and is_old(some[young]) do young = young + 1 end
    redis.call('XTRIM', key, 'MINID', some[math.min(young, #some)][1])
  end
  redis.call('PEXPIRE', key, int(kept_ms))
end
redis.call('HSET', KEYS[1], unpack(changed))
return 1
