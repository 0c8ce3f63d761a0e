-- KEYS: one idempotency key. ARGV: fingerprint, ttl in ms, response. A start that ran out may have been followed by
-- another request's: its answer is not this caller's to give.
local value = redis.call('GET', KEYS[1])
if value then
  local expires, fingerprint = string.match(value, '^(%d+) (%S+) ')
  if tonumber(expires) > now and fingerprint ~= ARGV[3] then return 0 end
end
redis.call('SET', KEYS[1], int(now + tonumber(ARGV[4])) .. ' ' .. ARGV[3] .. ' ' .. ARGV[5], 'PX', ARGV[4])
return 1
