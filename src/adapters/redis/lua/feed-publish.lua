-- KEYS: the newest positions of the logs, then logs. ARGV: how many events, for how long in ms and how many bytes of
-- events a log keeps, the number of logs, their names, then for each event, in the order of its partition: partition, its place in the feed, the
-- numbers of its two logs, the event. Appends the events that the logs do not have.
local most, kept_ms, most_bytes, logs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
-- How many events one call removes from a log beyond as many as it adds, and how many it reads at once.
local MOST_REMOVED, STEP = 1000, 16
local names = {}
for at = 1, logs do names[at], names[logs + at] = ARGV[6 + at], 'bytes ' .. ARGV[6 + at] end
local values = redis.call('HMGET', KEYS[1], unpack(names))
local newest, bytes, grown = {}, {}, {}
for at = 1, logs do newest[at], bytes[at] = tonumber(values[at]) or 0, tonumber(values[logs + at]) or 0 end

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

for at = 7 + logs, #ARGV, 5 do
  local partition, place = ARGV[at], ARGV[at + 1]
  local last = reached_of(partition)
  local ms, number = parts_of(place)
  if ms > last.ms or (ms == last.ms and number > last.number) then
    last.ms, last.number, last.place = ms, number, place
    for of = at + 2, at + 3 do
      local log = tonumber(ARGV[of])
      newest[log], bytes[log] = newest[log] + 1, bytes[log] + #ARGV[at + 4]
      local growth = grown[log] or { events = 0, bytes = 0 }
      growth.events, growth.bytes = growth.events + 1, growth.bytes + #ARGV[at + 4]
      grown[log] = growth
      redis.call('XADD', KEYS[1 + log], int(newest[log]) .. '-0', 'p', partition, 'a', place, 'e', ARGV[at + 4])
    end
  end
end

-- The text of an event begins with its sequence and its time.
local function is_old(entry)
  return tonumber(string.match(entry[2][6], '^%d* (%d+)') or now) <= now - kept_ms
end

-- Removes the oldest events while they are too old or too many, and counts down their bytes. The newest one stays.
local function bound(log)
  local key = KEYS[1 + log]
  local length, removed, from, kept_from = redis.call('XLEN', key), 0, '-', nil
  local added, held = grown[log].events, bytes[log]
  -- The log was empty: it has expired, with the bytes that were counted before.
  if length == added then held = grown[log].bytes end
  local may_remove = math.min(length - 1, added + MOST_REMOVED)
  while not kept_from do
    local some = redis.call('XRANGE', key, from, '+', 'COUNT', removed == 0 and 1 or STEP)
    for _, entry in ipairs(some) do
      local is_over = length - removed > most or held > most_bytes or is_old(entry)
      if removed >= may_remove or not is_over then
        kept_from = entry[1]
        break
      end
      removed, held = removed + 1, math.max(0, held - #entry[2][6])
    end
    from = '(' .. some[#some][1]
  end
  if removed > 0 then redis.call('XTRIM', key, 'MINID', kept_from) end
  bytes[log] = held
end

local changed = {}
for partition, last in pairs(reached) do
  if last.place then changed[#changed + 1], changed[#changed + 2] = 'at ' .. partition, last.place end
end
if #changed == 0 then return 0 end
for log in pairs(grown) do
  bound(log)
  local fields = { names[log], int(newest[log]), names[logs + log], int(bytes[log]) }
  for _, field in ipairs(fields) do changed[#changed + 1] = field end
  redis.call('PEXPIRE', KEYS[1 + log], int(kept_ms))
end
redis.call('HSET', KEYS[1], unpack(changed))
return 1
