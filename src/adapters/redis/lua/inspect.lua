-- Replies {the time, the remaining life in ms, revision, the snapshot, the bars (names and values)}, or like check.lua
-- the reason why the session is gone.
local values = read_facts()
local state = redis.call('HMGET', session_key, 'over', 'revision')
if state[1] then return state[1] end
if not fact(values, 'project') then return 'missing' end
local expires = tonumber(fact(values, 'expires'))
if expires <= now then return 'expired' end
return { int(now), int(expires - now), state[2] or '0', snapshot(values), redis.call('HGETALL', barred_key) }
