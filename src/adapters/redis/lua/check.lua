-- KEYS: a session's fields, its indexes. ARGV: node, epoch, revision or '', number of members. Replies the session's
-- remaining life in ms if everything is as the node believes, else 'changed', 'elsewhere', 'ended', 'expired' or
-- 'missing'.
local v = redis.call('HMGET', KEYS[1], 'expires', 'home', 'epoch', 'revision', 'over')
if v[5] then return v[5] end
if not v[1] then return 'missing' end
local left = tonumber(v[1]) - now
if left <= 0 then return 'expired' end
local epoch, believed = tonumber(v[3]), tonumber(ARGV[4])
if epoch > believed or (epoch == believed and v[2] ~= ARGV[3]) then return 'elsewhere' end
if epoch < believed or (v[4] or '0') ~= ARGV[5] then return 'changed' end
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[6]) then return 'changed' end
return int(left)
