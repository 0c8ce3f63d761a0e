-- ARGV: how long to remember the expiry in ms. Removes the session if it has expired. Replies when it will expire, or
-- nil when it is gone.
local v = redis.call('HMGET', session_key, 'expires', 'over', 'project', 'events')
if v[1] and tonumber(v[1]) > now then return v[1] end
if v[2] then return nil end

-- The fields have expired when no node has swept for a minute. The log then tells what the session was. Returns nil when
-- the log tells of the end, and when there is no log.
local function last_told()
  local last = redis.call('LINDEX', events_key, -1)
  if not last or string.find(last, '^%d+ %d+ %S+ %S+ session%.ended ') then return nil end
  local sequence, project = string.match(last, '^(%d+) %d+ (%S+)')
  local texts = redis.call('LRANGE', events_key, 0, -1)
  for at = #texts, 1, -1 do
    local lines = string.match(texts[at], '^%d+ %d+ %S+ %S+ session%.%a+\n(.*)$')
    if lines then return lines, project, sequence end
  end
end

local before, project, sequence
if v[3] then before, project, sequence = snapshot(), v[3], v[4] else before, project, sequence = last_told() end
finish('expired', ARGV[3])
if not before then return nil end
emit({ project = project, expires = now, events = tonumber(sequence) or 0 }, 'session.ended expired\n' .. before)
keep_events(0)
return nil
