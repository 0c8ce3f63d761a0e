-- KEYS: memberships, one of their indexes. ARGV: the id that the index begins with, '1' when it is the user's. Replies
-- the records.
local records = {}
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[3] .. ' ', '(' .. ARGV[3] .. '!')) do
  if ARGV[4] == '1' then member = string.sub(member, #ARGV[3] + 2) .. ' ' .. ARGV[3] end
  records[#records + 1] = redis.call('HGET', KEYS[1], member)
end
return records
