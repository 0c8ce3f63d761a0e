-- KEYS: sorted sets of all sessions by position, by when the listing drops them, by when they are due. ARGV: member,
-- lifetime and inactivity in ms.
local KEPT_MS = 86400000
local KEEP_AFTER_MS = 60000
local lifetime, inactivity = tonumber(ARGV[4]), tonumber(ARGV[5])
-- Positions are times, raised if necessary so that each exceeds the last.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', KEYS[1], int(math.max(now, last and last + 1 or 0)), ARGV[3])
redis.call('ZADD', KEYS[2], int(now + lifetime + KEPT_MS), ARGV[3])
redis.call('ZADD', KEYS[3], int(now + math.min(lifetime, inactivity)), ARGV[3])
local ttl = lifetime + KEPT_MS + KEEP_AFTER_MS
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, int(ttl)) end
end
return 1
