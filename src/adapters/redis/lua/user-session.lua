-- Put in front of every script over the sessions of one user. KEYS, in the order of keys.ts: records (hash: session id
-- to JSON), listing (sorted set by position), active sessions (the same), sessions by when they are forgotten (sorted
-- set). A record has four members in addition to the port's: position, endedAtMs (null while active), told (whether a
-- caller knows of the end) and swept (whether an event says that its time ran out).
local records_key, listing_key, active_key, kept_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local KEPT_MS = 86400000
local KEEP_AFTER_MS = 60000
local MAX_FORGOTTEN_AT_ONCE = 100

local function due_of(s)
  return math.min(s.expireAtMs, s.abandonAtMs)
end

local function is_active(s)
  return s.status == 'active'
end

-- Returns the session, as expired or abandoned if its time has passed; nil when it does not exist, or no longer.
local function load_user_session(id)
  local text = redis.call('HGET', records_key, id)
  if not text then return nil end
  local s = cjson.decode(text)
  local due = due_of(s)
  if is_active(s) and due <= now then
    s.status = s.expireAtMs <= s.abandonAtMs and 'expired' or 'abandoned'
    s.updatedAtMs, s.endedAtMs = due, due
  end
  if s.endedAtMs ~= cjson.null and s.endedAtMs + KEPT_MS <= now then return nil end
  return s
end

local function forget_user_session(id)
  redis.call('HDEL', records_key, id)
  redis.call('ZREM', listing_key, id)
  redis.call('ZREM', active_key, id)
  redis.call('ZREM', kept_key, id)
end

-- Removes the records whose time to be forgotten has come. Every key lives a minute longer than its last record.
local function keep_user_keys()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', kept_key, '-inf', int(now), 'LIMIT', 0, MAX_FORGOTTEN_AT_ONCE)) do
    forget_user_session(id)
  end
  local last = redis.call('ZREVRANGE', kept_key, 0, 0, 'WITHSCORES')[2]
  if not last then return end
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, int(last - now + KEEP_AFTER_MS)) end
end

-- Writes the session and returns its text. After its last write, a script calls keep_user_keys.
local function save_user_session(s)
  local text = cjson.encode(s)
  redis.call('HSET', records_key, s.id, text)
  redis.call('ZADD', kept_key, int((s.endedAtMs == cjson.null and due_of(s) or s.endedAtMs) + KEPT_MS), s.id)
  if is_active(s) then redis.call('ZADD', active_key, s.position, s.id) else redis.call('ZREM', active_key, s.id) end
  return text
end

-- Ends the session for a caller, who thereby knows of its end.
local function finish_user_session(s, status)
  s.status, s.updatedAtMs, s.endedAtMs, s.told = status, now, now, true
  local text = save_user_session(s)
  tell_session(status == 'replaced' and 'ended' or status, text)
  return text
end

-- The active sessions, in the order of opening.
local function load_active()
  local active = {}
  for _, id in ipairs(redis.call('ZRANGE', active_key, 0, -1)) do
    local s = load_user_session(id)
    if s and is_active(s) then active[#active + 1] = s end
  end
  return active
end
