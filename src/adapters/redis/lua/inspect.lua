-- Replies {when, how many ms it still lives, revision, the snapshot, its bars (names and values)}, or as check.lua that
-- there is no such session any more.
local values = read_facts()
local state = redis.call('HMGET', session_key, 'over', 'revision')
if state[1] then return state[1] end
if not fact(values, 'project') then return 'missing' end
local expires = tonumber(fact(values, 'expires'))
if expires <= now then return 'expired' end
return { int(now), int(expires - now), state[2] or '0', snapshot(values), redis.call('HGETALL', barred_key) }
