-- KEYS: the newest positions of the logs, then logs. ARGV: how many events and for how long in ms a log keeps them, the
-- number of logs, their names, then for each event, in the order of its partition: partition, its place in the feed, the
-- numbers of its two logs, the event. Appends the events that the logs do not have.
local most, kept_ms, logs = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local names = {}
for at = 1, logs do names[at] = ARGV[5 + at] end
local values = redis.call('HMGET', KEYS[1], unpack(names))
local newest, grown = {}, {}
for at = 1, logs do newest[at] = tonumber(values[at]) or 0 end

local function parts_of(place)
  local ms, number = string.match(place, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end

-- How far the logs are, by partition.
local reached = {}
local function reached_of(partition)
  local found = reached[partition]
  if not found then
    local ms, number = parts_of(redis.call('HGET', KEYS[1], 'at ' .. partition) or '0-0')
    found = { ms = ms, number = number }
    reached[partition] = found
  end
  return found
end

for at = 6 + logs, #ARGV, 5 do
  local partition, place = ARGV[at], ARGV[at + 1]
  local last = reached_of(partition)
  local ms, number = parts_of(place)
  if ms > last.ms or (ms == last.ms and number > last.number) then
    last.ms, last.number, last.place = ms, number, place
    for of = at + 2, at + 3 do
      local log = tonumber(ARGV[of])
      newest[log], grown[log] = newest[log] + 1, true
      redis.call('XADD', KEYS[1 + log], 'MAXLEN', '~', most, int(newest[log]) .. '-0', 'p', partition, 'a', place,
        'e', ARGV[at + 4])
    end
  end
end

-- The text of an event begins with its sequence and its time.
local function is_old(entry)
  return tonumber(string.match(entry[2][6], '^%d* (%d+)') or now) <= now - kept_ms
end

local changed = {}
for partition, last in pairs(reached) do
  if last.place then changed[#changed + 1], changed[#changed + 2] = 'at ' .. partition, last.place end
end
if #changed == 0 then return 0 end
for log in pairs(grown) do
  changed[#changed + 1], changed[#changed + 2] = names[log], int(newest[log])
  local key = KEYS[1 + log]
  -- The oldest events go when they are too old, a few with each call.
  if is_old(redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]) then
    local some = redis.call('XRANGE', key, '-', '+', 'COUNT', 200)
    local young = 2
    while young < #some and is_old(some[young]) do young = young + 1 end
    redis.call('XTRIM', key, 'MINID', some[math.min(young, #some)][1])
  end
  redis.call('PEXPIRE', key, int(kept_ms))
end
redis.call('HSET', KEYS[1], unpack(changed))
return 1
