-- Put in front of every script that writes, behind time.lua. The last key is the one of the format's version. When Redis has
-- lost its data, the version is written again before anything else. A cluster has no guard, because the key may be on
-- another server there.
local format_key = table.remove(KEYS)
local found_format = redis.call('GET', format_key)
if not found_format then
  redis.call('SET', format_key, FORMAT)
elseif found_format ~= FORMAT then
  return redis.error_reply('FORMAT ' .. found_format)
end
