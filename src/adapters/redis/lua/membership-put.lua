-- KEYS: memberships (hash: 'organization user' to JSON), index by organization, index by user (sorted sets without
-- scores: 'organization user' and 'user organization'). ARGV: organization, user, record, '1' to replace an existing
-- membership or '0' to add a new one. Replies 1, or 0 when it does not exist or exists already.
if redis.call('HEXISTS', KEYS[1], ARGV[3] .. ' ' .. ARGV[4]) ~= tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[3] .. ' ' .. ARGV[4], ARGV[5])
redis.call('ZADD', KEYS[2], 0, ARGV[3] .. ' ' .. ARGV[4])
redis.call('ZADD', KEYS[3], 0, ARGV[4] .. ' ' .. ARGV[3])
return 1
