-- ARGV: ttl in ms, then four lists of names and values, each after its length: the session's fields, seats by user,
-- users by token, and the number of listed users per address together with users by wallet. Replies the time of
-- creation, or the reason for a refusal.
if redis.call('EXISTS', session_key) == 1 then return 'taken' end
local s = { expires = now + tonumber(ARGV[3]) }
local at = 4

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

if not (write(session_key) and write(seats_key) and write(tokens_key) and write(addresses_key)) then
  redis.call('UNLINK', unpack(KEYS))
  return 'reused'
end
redis.call('HSET', session_key, 'created', int(now), 'expires', int(s.expires))
return int(now)
