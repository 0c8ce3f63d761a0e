-- Put in front of every script over one device, which stored data calls a client. KEYS: fields (hash), its sessions
-- (sorted set of 'session user', in the order of opening), the same by when each session is forgotten.
local KEPT_MS = 86400000
local KEEP_AFTER_MS = 60000
local MAX_FORGOTTEN_AT_ONCE = 100

-- When the device's cookie expires; nil when the device does not exist, or no longer.
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

-- A device is kept until its cookie expires, but only for a day after its last listed session was forgotten.
-- Redis deletes an empty key together with its expiry, so this sets the expiry of all keys again.
local function keep_client(expires)
  drop_forgotten_sessions()
  local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
  local gone = math.min(expires, (last or now) + KEPT_MS)
  redis.call('HSET', KEYS[1], 'gone', int(gone))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, int(gone - now + KEEP_AFTER_MS)) end
end
