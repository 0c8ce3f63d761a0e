-- ARGV: node, epoch, index, connection, reason. Replies {host, term}, or nil when the connection or the home has changed since.
local s = load_session('')
local seat = s and is_home(s, ARGV[3], ARGV[4]) and load_member(ARGV[5])
if not seat or seat.connection ~= tonumber(ARGV[6]) then return nil end
depart_member(s, seat, ARGV[7])
save_session(s)
return { s.host, s.term }
