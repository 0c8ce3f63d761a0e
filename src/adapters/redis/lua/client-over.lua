-- ARGV: 'session user' of one that is over, when it is forgotten, or '' when there is no such session.
local expires = expiry_of_client()
if not expires then return 0 end
if ARGV[4] == '' then
  drop_session_of_client(ARGV[3])
else
  redis.call('ZADD', KEYS[3], 'XX', 'LT', ARGV[4], ARGV[3])
end
keep_client(expires)
return 1
