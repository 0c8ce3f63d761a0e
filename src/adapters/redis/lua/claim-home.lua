-- ARGV: the current home or '', its epoch, the new home. Replies the snapshot, or nil when the session has another home.
local s = load_session('')
if not s or not is_home(s, ARGV[3], ARGV[4]) then return nil end
redis.call('HSET', session_key, 'home', ARGV[5], 'error', 'null')
redis.call('HINCRBY', session_key, 'epoch', 1)
for _, user in ipairs(redis.call('ZRANGE', members_key, 0, -1)) do
  local seat = load_seat(user)
  if seat.away == '' then
    emit_away(s, 'home_lost', seat)
    seat.away = int(now + s.window)
    save_seat(seat)
    redis.call('ZADD', away_key, seat.away, user)
  end
end
keep(s, away_key)
save_sequence(s)
return snapshot()
