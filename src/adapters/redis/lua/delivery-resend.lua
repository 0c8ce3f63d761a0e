-- ARGV: id, owner or ''. Replies 1 when the dead letter waits again.
local id, owner = ARGV[3], ARGV[4]
local text = redis.call('HGET', dead, id)
local grave = text and cjson.decode(text)
if not grave or (owner ~= '' and grave.s ~= owner) then return 0 end
bury(id, grave)
add(id, grave.t, '', grave.s, int(now), int(grave.b))
keep_keys()
return 1
