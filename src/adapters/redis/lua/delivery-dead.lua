-- ARGV: owner or '', target or '', the time and the id of the letter before or '', limit. Replies a flat list, the newest
-- first: id, record, attempts, time, reason.
local owner, target, limit = ARGV[3], ARGV[4], tonumber(ARGV[7])
local words = target ~= '' and 't:' .. target or (owner ~= '' and 'o:' .. owner or '*')
local from = '(' .. words .. '!'
if ARGV[5] ~= '' then from = '(' .. words .. ' ' .. pad(tonumber(ARGV[5])) .. ' ' .. ARGV[6] end
local found = {}
for _, member in ipairs(redis.call('ZREVRANGEBYLEX', graves, from, '[' .. words .. ' ', 'LIMIT', 0, limit)) do
  local id = last_word(member)
  local grave = cjson.decode(redis.call('HGET', dead, id))
  if owner == '' or grave.s == owner then
    for _, value in ipairs({ id, redis.call('HGET', records, id), int(grave.n), int(grave.at), grave.why }) do
      found[#found + 1] = value
    end
  end
end
return found
