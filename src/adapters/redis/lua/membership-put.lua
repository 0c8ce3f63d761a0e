-- KEYS: memberships (hash: 'organization user' to JSON), index by organization, index by user (sorted sets without
-- scores: 'organization user' and 'user organization'). ARGV: organization, user, record.
redis.call('HSET', KEYS[1], ARGV[3] .. ' ' .. ARGV[4], ARGV[5])
redis.call('ZADD', KEYS[2], 0, ARGV[3] .. ' ' .. ARGV[4])
redis.call('ZADD', KEYS[3], 0, ARGV[4] .. ' ' .. ARGV[3])
return 1
