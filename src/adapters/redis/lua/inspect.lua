-- Replies {when, how many ms it still lives, revision, the snapshot, its bars (names and values)}, or nil.
local values = read_facts()
local expires = tonumber(values[4] or 0)
if not values[1] or expires <= now then return nil end
local revision = redis.call('HGET', session_key, 'revision') or '0'
return { int(now), int(expires - now), revision, snapshot(values), redis.call('HGETALL', barred_key) }
