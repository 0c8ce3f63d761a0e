-- KEYS: as in membership-put.lua. ARGV: organization, user. Replies 1, or 0 when the membership does not exist.
redis.call('ZREM', KEYS[2], ARGV[3] .. ' ' .. ARGV[4])
redis.call('ZREM', KEYS[3], ARGV[4] .. ' ' .. ARGV[3])
return redis.call('HDEL', KEYS[1], ARGV[3] .. ' ' .. ARGV[4])
