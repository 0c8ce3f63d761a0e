-- ARGV: scope, user, seat. Replies {session's facts, seat}, or the reason for a refusal.
local s = load_session(ARGV[3])
if not s then return 'session_not_found' end
local seat = parse_seat(ARGV[4], ARGV[5])
if redis.call('HEXISTS', addresses_key, seat.address) == 1 then return 'address_already_authorized' end
if s.held >= s.max then purge_overdue(s) end
if s.held >= s.max then return refused(s, 'session_full') end
if seat.token == s.token or redis.call('HEXISTS', tokens_key, seat.token) == 1 then return refused(s, 'token_taken') end
if not add_seat(s, seat) then return refused(s, 'reused') end
emit(s, 'user.authorized ' .. seat.user .. ' ' .. seat.address .. ' ')
save_session(s)
revise()
keep(s, seats_key)
keep(s, tokens_key)
keep(s, addresses_key)
return { facts(), format_seat(seat) }
