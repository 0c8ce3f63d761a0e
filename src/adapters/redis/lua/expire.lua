-- Removes the session if its time is up. Replies when it will be, or nil when it is gone.
local expires = redis.call('HGET', session_key, 'expires')
if expires and tonumber(expires) > now then return expires end
redis.call('UNLINK', unpack(KEYS))
return nil
