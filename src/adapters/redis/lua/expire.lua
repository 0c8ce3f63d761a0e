-- ARGV: how long to remember the expiry in ms. Removes the session if it has expired. Replies when it will expire, or
-- nil when it is gone.
local v = redis.call('HMGET', session_key, 'expires', 'over')
if v[1] and tonumber(v[1]) > now then return v[1] end
if not v[2] then finish('expired', ARGV[3]) end
return nil
