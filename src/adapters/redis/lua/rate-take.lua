-- KEYS: up to 4 levels. ARGV: burst and period in ms of each. A level is 'units at': the use that is not restored yet,
-- in whole units. One use costs `period` units and each millisecond restores `burst` units, so there is no rounding
-- error. Takes one use of every key and replies 0, or takes nothing and replies in how many ms to try again.
local KEEP_MS = 10000
local levels, wait = {}, 0
for at, key in ipairs(KEYS) do
  local burst, period = tonumber(ARGV[1 + at * 2]), tonumber(ARGV[2 + at * 2])
  local level = redis.call('GET', key)
  local units, since = 0, now
  if level then
    local u, s = string.match(level, '^(%d+) (%d+)$')
    units, since = tonumber(u), tonumber(s)
  end
  units = math.max(0, units - math.max(0, now - since) * burst) + period
  wait = math.max(wait, math.ceil((units - burst * period) / burst))
  levels[at] = { units = units, since = math.max(now, since), left = math.ceil(units / burst) }
end
if wait > 0 then return int(wait) end
for at, key in ipairs(KEYS) do
  local level = levels[at]
  redis.call('SET', key, int(level.units) .. ' ' .. int(level.since), 'PX', int(level.left + KEEP_MS))
end
return 0
