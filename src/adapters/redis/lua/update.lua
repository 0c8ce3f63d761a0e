-- ARGV: scope, ttl in ms or '', then names and values of session fields. Replies {the previous expiry time, the new
-- facts}, or nil without a session.
local s = load_session(ARGV[3])
if not s then return nil end
local before = s.expires
for at = 5, #ARGV, 2 do redis.call('HSET', session_key, ARGV[at], ARGV[at + 1]) end
revise()
if ARGV[4] ~= '' then
  s.expires = now + tonumber(ARGV[4])
  redis.call('HSET', session_key, 'expires', int(s.expires))
  for _, key in ipairs(KEYS) do keep(s, key) end
  keep_events(s.expires - now)
end
local after = facts()
emit(s, 'session.updated\n' .. with_seats(after))
save_sequence(s)
return { int(before), after }
