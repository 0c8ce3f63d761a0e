-- ARGV: how long to remember the expiry in ms. Removes the session if it has expired. Replies when it will expire, or
-- nil when it is gone.
local v = redis.call('HMGET', session_key, 'expires', 'over', 'project', 'events')
if v[1] and tonumber(v[1]) > now then return v[1] end
if v[2] then return nil end
local before = v[3] and snapshot()
finish('expired', ARGV[3])
if not before then return nil end
emit({ project = v[3], expires = tonumber(v[1]), events = tonumber(v[4]) or 0 }, 'session.ended expired\n' .. before)
keep_events(0)
return nil
