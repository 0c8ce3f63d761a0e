-- ARGV: 'session user' of a finished session; when the session is forgotten, or '' when it does not exist.
local expires = expiry_of_client()
if not expires then return 0 end
if ARGV[4] == '' then
  drop_session_of_client(ARGV[3])
else
  redis.call('ZADD', KEYS[3], 'XX', 'LT', ARGV[4], ARGV[3])
end
keep_client(expires)
return 1
