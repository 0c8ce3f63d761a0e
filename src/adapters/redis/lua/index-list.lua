-- KEYS: a listing. ARGV: 'offset' or 'cursor', its value, limit. Replies {total, id, position, ...}, newest first, with
-- one more than `limit` if more follow.
local limit = tonumber(ARGV[5])
local found
if ARGV[3] == 'offset' then
  local offset = tonumber(ARGV[4])
  found = redis.call('ZREVRANGE', KEYS[1], int(offset), int(offset + limit), 'WITHSCORES')
else
  found = redis.call('ZREVRANGEBYSCORE', KEYS[1], '(' .. ARGV[4], '-inf', 'WITHSCORES', 'LIMIT', 0, limit + 1)
end
return { redis.call('ZCARD', KEYS[1]), unpack(found) }
