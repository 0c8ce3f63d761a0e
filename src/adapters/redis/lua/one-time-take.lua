-- KEYS: one value. ARGV: '1' to keep the value. Replies the value, or nil.
local kept = redis.call('GET', KEYS[1])
if not kept then return nil end
if ARGV[3] ~= '1' then redis.call('DEL', KEYS[1]) end
local expires, value = string.match(kept, '^(%d+) (.*)$')
return tonumber(expires) > now and value or nil
