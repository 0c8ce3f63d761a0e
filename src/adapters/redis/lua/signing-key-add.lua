-- KEYS: signing keys. ARGV: kid, when the key is gone in Unix ms, record, kid of the newest key or ''. Replies 1, or 0
-- when another key is the newest.
local newest, last_gone = '', tonumber(ARGV[4])
for _, text in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local gone, kid = string.match(text, '^(%d+) (%S+) ')
  if tonumber(gone) > now then
    newest, last_gone = kid, math.max(last_gone, tonumber(gone))
  else
    redis.call('LREM', KEYS[1], 1, text)
  end
end
if newest ~= ARGV[6] then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[4] .. ' ' .. ARGV[3] .. ' ' .. ARGV[5])
redis.call('PEXPIRE', KEYS[1], int(math.max(1, last_gone - now)))
return 1
