-- KEYS: the owner of a user session. ARGV: when the session is forgotten, or '' when there is none. It lives no longer than that
-- and a minute.
local KEEP_AFTER_MS = 60000
local left = ARGV[3] == '' and 0 or math.max(0, ARGV[3] - now) + KEEP_AFTER_MS
if redis.call('PTTL', KEYS[1]) > left then redis.call('PEXPIRE', KEYS[1], int(left)) end
return 1
