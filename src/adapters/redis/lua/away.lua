-- ARGV: index, connection, node. Replies 1, or 0 when the connection or the home has changed since.
local s = load_session('')
local seat = s and load_member(ARGV[3])
if not seat or seat.connection ~= tonumber(ARGV[4]) or s.home ~= ARGV[5] then return 0 end
seat.away = int(now + s.window)
save_seat(seat)
redis.call('ZADD', away_key, seat.away, seat.user)
keep(s, away_key)
return 1
