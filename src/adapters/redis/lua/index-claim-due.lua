-- KEYS: expiry hints. ARGV: limit, how long a claim holds in ms. Gives each due session to one caller. Another caller
-- gets it only after the claim has run out, which happens when the first one died. Replies {claim, members...}.
local claim = int(now + tonumber(ARGV[4]))
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], claim, member) end
return { claim, unpack(due) }
