-- ARGV: ttl in ms, the type of the event, the project, the lines of the facts before and after the times of creation and
-- expiry. Then four lists of names and values, each after its length: the session's fields, seats by user, users by
-- token, and the number of listed users per address together with users by wallet. Replies the time of creation, or the
-- reason for a refusal.
if redis.call('EXISTS', session_key) == 1 then return 'taken' end
local s = { expires = now + tonumber(ARGV[3]), project = ARGV[5], events = 0 }
local at = 8

-- Writes a list in one command, or in chunks when it is very long. False when a name occurs twice.
local function write(key)
  local length = tonumber(ARGV[at])
  local first, last = at + 1, at + length
  at = last + 1
  local added = 0
  for from = first, last, 1000 do
    added = added + redis.call('HSET', key, unpack(ARGV, from, math.min(from + 999, last)))
  end
  if length > 0 then keep(s, key) end
  return added == length / 2
end

local has_fields = write(session_key)
local seats_at = at
if not (has_fields and write(seats_key) and write(tokens_key) and write(addresses_key)) then
  redis.call('UNLINK', unpack(KEYS))
  return 'reused'
end
local created, expires = int(now), int(s.expires)
local lines = table.concat({ ARGV[4], ARGV[6], created, expires, ARGV[7] }, '\n')
local seats = tonumber(ARGV[seats_at])
if seats > 0 then lines = lines .. '\n' .. table.concat(ARGV, '\n', seats_at + 1, seats_at + seats) end
emit(s, lines)
redis.call('HSET', session_key, 'created', created, 'expires', expires, 'events', s.events)
return created
