-- Put around a script that changes something, when a repeat of the call must change nothing. The last key keeps the
-- first reply; the last argument is how long it is kept, in ms. Replies {'0', reply}, or to a repeat {'1', first
-- reply}.
local once_key, once_ms = table.remove(KEYS), table.remove(ARGV)
local first = redis.call('GET', once_key)
if first then return { '1', cmsgpack.unpack(first).reply } end
local function step()
-- BODY
end
local reply = step()
redis.call('SET', once_key, cmsgpack.pack({ reply = reply }), 'PX', once_ms)
return { '0', reply }
