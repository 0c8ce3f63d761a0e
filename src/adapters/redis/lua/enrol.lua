-- ARGV: user, seat. Replies {session's facts, seat}, or the reason for a refusal.
local s = load_session('')
if not s or s.creator == '' then return 'session_not_found' end
local seat = parse_seat(ARGV[3], ARGV[4])
if redis.call('HEXISTS', barred_key, 'banned wallet ' .. seat.wallet) == 1 then return 'banned' end
local former = load_wallet(seat.wallet)
if former and former.away ~= '' and tonumber(former.away) <= now then
  purge_overdue(s)
  former = load_wallet(seat.wallet)
end
if former and former.held then return refused(s, 'already_member') end
if s.locked then return refused(s, 'session_locked') end
if s.held >= s.max then purge_overdue(s) end
if s.held >= s.max then return refused(s, 'session_full') end
if redis.call('HEXISTS', seats_key, ARGV[3]) == 1 then return refused(s, 'reused') end
if former then
  emit(s, 'user.revoked ' .. former.user)
  remove_user(s, former, 'left', 'left')
end
add_seat(s, seat)
emit(s, 'user.authorized ' .. seat.user .. '  ' .. seat.wallet)
save_session(s)
revise()
keep(s, seats_key)
keep(s, addresses_key)
return { facts(), format_seat(seat) }
