-- KEYS: one idempotency key (hash: fingerprint, operation, owner, until, response). ARGV: fingerprint, operation, owner,
-- how long the call may run in ms, how long the key is kept in ms. A repeat of a call that its owner no longer runs
-- continues as the same operation. Replies {'started', operation}, {'conflict'}, {'running'} or {'finished', response}.
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'operation', 'owner', 'until', 'response', 'expires')
local operation = ARGV[4]
if kept[1] and tonumber(kept[6]) > now then
  if kept[1] ~= ARGV[3] then return { 'conflict' } end
  if kept[5] then return { 'finished', kept[5] } end
  if kept[3] ~= ARGV[5] and tonumber(kept[4]) > now then return { 'running' } end
  operation = kept[2]
else
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'expires', int(now + tonumber(ARGV[7])))
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[3], 'operation', operation, 'owner', ARGV[5],
  'until', int(now + tonumber(ARGV[6])))
return { 'started', operation }
