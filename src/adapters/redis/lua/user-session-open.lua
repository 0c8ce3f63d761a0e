-- ARGV: session as JSON, lifetime and inactivity in ms, max (0: no limit), 'reject_new' or 'replace_old'.
-- Replies {'taken'}, {'too_many_sessions'}, or {'opened', session, replaced sessions...}.
local s = cjson.decode(ARGV[3])
local max = tonumber(ARGV[6])
if redis.call('HEXISTS', records_key, s.id) == 1 then return { 'taken' } end

local active = max > 0 and load_active() or {}
local excess = max > 0 and #active - max + 1 or 0
if excess > 0 and ARGV[7] == 'reject_new' then return { 'too_many_sessions' } end
table.sort(active, function(a, b)
  if a.lastActiveAtMs ~= b.lastActiveAtMs then return a.lastActiveAtMs < b.lastActiveAtMs end
  return a.position < b.position
end)

-- Positions are times, raised if necessary so that each exceeds the last.
local last = redis.call('ZREVRANGE', listing_key, 0, 0, 'WITHSCORES')[2]
s.position = math.max(now, last and last + 1 or 0)
s.status, s.endedAtMs, s.told = 'active', cjson.null, false
s.createdAtMs, s.updatedAtMs, s.lastActiveAtMs = now, now, now
s.expireAtMs, s.abandonAtMs = now + tonumber(ARGV[4]), now + tonumber(ARGV[5])
local text = save_user_session(s)
local reply = { 'opened', text }
redis.call('ZADD', listing_key, s.position, s.id)
for at = 1, excess do reply[#reply + 1] = finish_user_session(active[at], 'replaced') end
tell_session('created', text)
keep_user_keys()
return reply
