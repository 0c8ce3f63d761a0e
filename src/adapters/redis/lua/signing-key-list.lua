-- KEYS: signing keys (list of 'gone kid record', in the order they were added). Replies 'gone record' of those not gone.
local records = {}
for _, text in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local gone, record = string.match(text, '^(%d+) %S+ (.*)$')
  if tonumber(gone) > now then records[#records + 1] = gone .. ' ' .. record end
end
return records
