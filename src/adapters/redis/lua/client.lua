-- Put in front of every script over one client. KEYS: fields (hash), its sessions (sorted set of 'session user', in the
-- order they were opened), when each of these is forgotten (the same).
local KEPT_MS = 86400000
local KEEP_AFTER_MS = 60000
local MAX_FORGOTTEN_AT_ONCE = 100

-- When its cookie ends; nil when there is no such client (any more).
local function expiry_of_client()
  local times = redis.call('HMGET', KEYS[1], 'expires', 'gone')
  local gone = tonumber(times[2] or times[1] or 0)
  return gone > now and tonumber(times[1]) or nil
end

local function drop_session_of_client(member)
  redis.call('ZREM', KEYS[2], member)
  redis.call('ZREM', KEYS[3], member)
end

local function drop_forgotten_sessions()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', int(now), 'LIMIT', 0, MAX_FORGOTTEN_AT_ONCE)) do
    drop_session_of_client(member)
  end
end

-- A client goes when its cookie ends, and before that a day after the last session that it lists was forgotten.
-- A key that becomes empty is gone, and its expiry with it.
local function keep_client(expires)
  drop_forgotten_sessions()
  local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
  local gone = math.min(expires, (last or now) + KEPT_MS)
  redis.call('HSET', KEYS[1], 'gone', int(gone))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, int(gone - now + KEEP_AFTER_MS)) end
end
