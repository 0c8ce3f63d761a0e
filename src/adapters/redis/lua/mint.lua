-- ARGV: scope, user. Replies {generation, expires}, or the reason for a refusal.
local s = load_session(ARGV[3])
if not s then return 'session_not_found' end
if redis.call('HEXISTS', barred_key, 'banned ' .. ARGV[4]) == 1 then return 'banned' end
return { s.generation, int(s.expires) }
