-- ARGV: scope, 'index' or 'user_id' or 'token', its value, '1' to ban, reason. Replies {user, index or '', host, term},
-- or the reason for a refusal.
local s = load_session(ARGV[3])
if not s then return 'session_not_found' end
local user
if ARGV[4] == 'index' then user = redis.call('HGET', indexes_key, ARGV[5])
elseif ARGV[4] == 'token' then user = redis.call('HGET', tokens_key, ARGV[5])
else user = ARGV[5] end
if not user or user == '' then return 'no_match' end
local seat = load_seat(user)
local is_ban, is_new_ban = ARGV[6] == '1', false
if is_ban then
  is_new_ban = redis.call('HSET', barred_key, 'banned ' .. user, '1') == 1
  if is_new_ban then emit(s, 'user.banned ' .. user) end
  if seat and seat.wallet ~= '' then redis.call('HSET', barred_key, 'banned wallet ' .. seat.wallet, '1') end
  keep(s, barred_key)
end
local index
if seat then
  if seat.index == '' and not is_new_ban then emit(s, 'user.revoked ' .. user) end
  index = remove_user(s, seat, ARGV[7], is_ban and 'banned' or ARGV[7])
else
  outdate_minted(s, user)
end
save_session(s)
revise()
if not seat then return 'no_match' end
return { user, index, s.host, s.term }
