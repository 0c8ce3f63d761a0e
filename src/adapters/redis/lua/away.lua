-- ARGV: node, epoch, index, connection. Replies 1, or 0 when the connection or the home has changed since.
local s = load_session('')
local seat = s and is_home(s, ARGV[3], ARGV[4]) and load_member(ARGV[5])
if not seat or seat.connection ~= tonumber(ARGV[6]) then return 0 end
if seat.away == '' then
  emit_away(s, 'socket_lost', seat)
  save_sequence(s)
end
seat.away = int(now + s.window)
save_seat(seat)
redis.call('ZADD', away_key, seat.away, seat.user)
keep(s, away_key)
return 1
