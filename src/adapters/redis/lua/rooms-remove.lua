-- KEYS: nodes with rooms, rooms of the node. ARGV: node, session ids.
for at = 4, #ARGV do redis.call('ZREM', KEYS[2], ARGV[at]) end
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[3]) end
return 1
