-- KEYS: one idempotency key. ARGV: fingerprint, ttl in ms. A value is 'expires fingerprint response', the response
-- empty while it runs. Replies {'started'}, {'conflict'}, {'running'} or {'finished', response}.
local value = redis.call('GET', KEYS[1])
if value then
  local expires, fingerprint, response = string.match(value, '^(%d+) (%S+) (.*)$')
  if tonumber(expires) > now then
    if fingerprint ~= ARGV[3] then return { 'conflict' } end
    if response == '' then return { 'running' } end
    return { 'finished', response }
  end
end
redis.call('SET', KEYS[1], int(now + tonumber(ARGV[4])) .. ' ' .. ARGV[3] .. ' ', 'PX', ARGV[4])
return { 'started' }
