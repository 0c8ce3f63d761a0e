-- KEYS: nodes with rooms, rooms of the node. ARGV: node, how long to keep both in ms, session ids. A room that another
-- node has claimed is due again: its home is alive after all, or a newer one has died.
redis.call('HSET', KEYS[1], ARGV[3], int(now))
for at = 5, #ARGV do redis.call('ZADD', KEYS[2], 0, ARGV[at]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
