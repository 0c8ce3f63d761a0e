-- KEYS: signing keys (list of 'gone kid record', in the order of adding). Replies 'gone record' of each key not yet
-- gone.
local records = {}
for _, text in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local gone, record = string.match(text, '^(%d+) %S+ (.*)$')
  if tonumber(gone) > now then records[#records + 1] = gone .. ' ' .. record end
end
return records
