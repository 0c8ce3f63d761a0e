-- KEYS: expiry. ARGV: limit, how long the claim holds in ms. Hands each due session to one caller: nobody else is
-- given it until the claim runs out, which happens when that caller died. Replies {claim, members...}.
local claim = int(now + tonumber(ARGV[4]))
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], claim, member) end
return { claim, unpack(due) }
