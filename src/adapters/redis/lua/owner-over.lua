-- KEYS: the owner of a user session. ARGV: when the session is forgotten, or '' when it does not exist. Limits the
-- key's life to one minute after that time, or deletes the key when the session does not exist.
local KEEP_AFTER_MS = 60000
local left = ARGV[3] == '' and 0 or math.max(0, ARGV[3] - now) + KEEP_AFTER_MS
if redis.call('PTTL', KEYS[1]) > left then redis.call('PEXPIRE', KEYS[1], int(left)) end
return 1
