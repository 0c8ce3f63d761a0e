-- KEYS: as in user-session-index-add.lua. ARGV: limit, how long a claim holds in ms. Claims like index-claim-due.lua,
-- and drops from the listing what has been there long enough. Replies {claim, {due members}, {dropped members}}.
local forgotten = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', int(now), 'LIMIT', 0, ARGV[3])
for _, member in ipairs(forgotten) do
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', KEYS[2], member)
end
local claim = int(now + tonumber(ARGV[4]))
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', int(now), 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[3], claim, member) end
return { claim, due, forgotten }
