-- ARGV: scope, user, token, address, latitude, longitude. Replies {session's facts, seat}, or why not.
local s = load_session(ARGV[3])
if not s then return 'session_not_found' end
if redis.call('HEXISTS', addresses_key, ARGV[6]) == 1 then return 'address_already_authorized' end
if s.held >= s.max then
  purge_overdue(s)
  save_session(s)
end
if s.held >= s.max then return 'session_full' end
local seat = add_seat(s, ARGV[4], { token = ARGV[5], address = ARGV[6], latitude = ARGV[7], longitude = ARGV[8],
  wallet = '', card = '' })
if not seat then return 'reused' end
save_session(s)
revise()
keep(s, seats_key)
keep(s, tokens_key)
keep(s, addresses_key)
return { facts(), format_seat(seat) }
