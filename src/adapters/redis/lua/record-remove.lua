-- KEYS: records, names, and for records with memberships: listing, memberships, the index of memberships that begins
-- with this record's id, the other index. ARGV: id, unique fields. Replies 1, or 0 when the record does not exist.
if KEYS[3] then
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[5], '[' .. ARGV[3] .. ' ', '(' .. ARGV[3] .. '!')) do
    local other = string.sub(member, #ARGV[3] + 2)
    redis.call('ZREM', KEYS[5], member)
    redis.call('ZREM', KEYS[6], other .. ' ' .. ARGV[3])
    redis.call('HDEL', KEYS[4], member, other .. ' ' .. ARGV[3])
  end
  redis.call('ZREM', KEYS[3], ARGV[3])
end
local record = redis.call('HGET', KEYS[1], ARGV[3])
if not record then return 0 end
record = cjson.decode(record)
for at = 4, #ARGV do
  local value = record[ARGV[at]]
  if value and value ~= cjson.null then redis.call('HDEL', KEYS[2], ARGV[at] .. '=' .. value) end
end
return redis.call('HDEL', KEYS[1], ARGV[3])
