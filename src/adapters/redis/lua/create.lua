-- ARGV: ttl in ms, number of session fields, their names and values; then user, token, address,
-- latitude, longitude, wallet, card of each user. Replies the snapshot, or why not.
if redis.call('EXISTS', session_key) == 1 then return 'taken' end
local fields = tonumber(ARGV[4])
local s = { expires = now + tonumber(ARGV[3]), generation = 1, host = '', term = 0, held = 0, next = 0, order = 0, creator = '' }
for at = 5, 4 + fields * 2, 2 do redis.call('HSET', session_key, ARGV[at], ARGV[at + 1]) end
redis.call('HSET', session_key, 'created', int(now), 'expires', int(s.expires))
for at = 5 + fields * 2, #ARGV, 7 do
  local given = { token = ARGV[at + 1], address = ARGV[at + 2], latitude = ARGV[at + 3], longitude = ARGV[at + 4],
    wallet = ARGV[at + 5], card = ARGV[at + 6] }
  if not add_seat(s, ARGV[at], given) then
    redis.call('UNLINK', unpack(KEYS))
    return 'reused'
  end
end
save_session(s)
for _, key in ipairs(KEYS) do keep(s, key) end
return snapshot()
