-- ARGV: index, connection, node. Replies {host, term}, or nil when the connection or the home has changed since.
local s = load_session('')
local seat = s and load_member(ARGV[3])
if not seat or seat.connection ~= tonumber(ARGV[4]) or s.home ~= ARGV[5] then return nil end
depart_member(s, seat)
save_session(s)
return { s.host, s.term }
