-- ARGV: scope, token. Replies {user, index or '', the new snapshot}, or the reason for a refusal.
local s = load_session(ARGV[3])
if not s then return 'session_not_found' end
local user = redis.call('HGET', tokens_key, ARGV[4])
if user == '' then return 'revoked_before' end
local seat = load_seat(user)
if not seat then return 'token_not_found' end
emit(s, 'user.revoked ' .. user)
local index = remove_user(s, seat, 'revoked', 'revoked')
save_session(s)
revise()
return { seat.user, index, snapshot() }
