-- KEYS: signing keys. ARGV: kid, when the key is gone in Unix ms. Replies 1, or 0 when the key does not exist.
local last_gone, found = tonumber(ARGV[4]), 0
for at, text in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local gone, kid, record = string.match(text, '^(%d+) (%S+) (.*)$')
  last_gone = math.max(last_gone, tonumber(gone))
  if kid == ARGV[3] and tonumber(gone) > now then
    found = 1
    if tonumber(gone) < tonumber(ARGV[4]) then redis.call('LSET', KEYS[1], at - 1, ARGV[4] .. ' ' .. kid .. ' ' .. record) end
  end
end
if found == 1 then redis.call('PEXPIRE', KEYS[1], int(math.max(1, last_gone - now))) end
return found
