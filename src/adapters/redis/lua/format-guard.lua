-- Put in front of every script that writes, after time.lua. The last key holds the format version. When Redis has lost
-- its data, this writes the version again before anything else. A cluster has no guard, because there the key may be on
-- another server.
local format_key = table.remove(KEYS)
local found_format = redis.call('GET', format_key)
if not found_format then
  redis.call('SET', format_key, FORMAT)
elseif found_format ~= FORMAT then
  return redis.error_reply('FORMAT ' .. found_format)
end
