-- KEYS: a session's fields, its log. ARGV: scope, the position to read after, limit, how many events and for how long a
-- log keeps them, how long it outlives its session, how many bytes of events are enough. Replies {newest, oldest,
-- events...}, nil without a session, or 'unreadable'.
local STEP = 16
local after, limit, now_kept = tonumber(ARGV[4]), tonumber(ARGV[5]), now - tonumber(ARGV[7])
local fields = redis.call('HMGET', KEYS[1], 'project', 'events', 'expires')
local project, newest = fields[1], tonumber(fields[2]) or 0
local last = redis.call('LINDEX', KEYS[2], -1)
if last then
  local sequence, time, of_project, kind = string.match(last, '^(%d+) (%d+) (%S+) %S+ (%S+)')
  if not sequence then return 'unreadable' end
  project, newest = of_project, tonumber(sequence)
  if kind == 'session.ended' and tonumber(time) + tonumber(ARGV[8]) <= now then return nil end
end
if not project or (ARGV[3] ~= '' and ARGV[3] ~= project) then return nil end

-- The log may hold more than it keeps, because it is trimmed now and then.
local length = redis.call('LLEN', KEYS[2])
local skipped = math.max(0, length - tonumber(ARGV[6]))
while skipped < length do
  local time = string.match(redis.call('LINDEX', KEYS[2], skipped), '^%d+ (%d+)')
  if not time or tonumber(time) > now_kept then break end
  skipped = skipped + 1
end
local oldest = newest - length + skipped + 1
local reply = { newest, oldest }
if after > newest or after < oldest - 1 then return reply end
local first, left = length - newest + after, tonumber(ARGV[9])
local stop = math.min(length, first + limit)
while first < stop and left > 0 do
  for _, text in ipairs(redis.call('LRANGE', KEYS[2], first, math.min(first + STEP, stop) - 1)) do
    if left <= 0 then break end
    reply[#reply + 1] = text
    left = left - #text
  end
  first = first + STEP
end
return reply
