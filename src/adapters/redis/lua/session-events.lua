-- Put in front of session.lua, after feed.lua, for scripts that change a relay session. The key before those of the
-- feed is the session's log: a list, because a short stream takes 4 KiB and an append to it twice the time.
local events_key = table.remove(KEYS)
-- The events between two looks at how much there is.
local TIDY_EVERY = 16

-- Removes the oldest events of a log with too many bytes, until half is free.
local function bound_events()
  local length, kept, bytes = redis.call('LLEN', events_key), 0, 0
  while kept < length and bytes <= MAX_SESSION_BYTES / 2 do
    bytes = bytes + #redis.call('LINDEX', events_key, -1 - kept)
    kept = kept + 1
  end
  redis.call('LTRIM', events_key, -kept, -1)
  redis.call('HSET', KEYS[1], 'log_bytes', int(bytes))
end

-- Counts an event that is large. The last event of a session is not counted: the fields that count are gone.
local function count_large(text, facts)
  if #text <= LARGE_EVENT or string.find(facts, '^session%.ended ') then return end
  if redis.call('HINCRBY', KEYS[1], 'log_bytes', #text) > MAX_SESSION_BYTES then bound_events() end
end

-- Writes an event of this session to its log and to the feed. The script must save the session afterwards, by
-- save_session or save_sequence: the session counts its events.
local function emit(s, facts)
  s.events = s.events + 1
  -- The id is in the name of each key of the session: "<id>:fields".
  local text = s.events .. ' ' .. int(now) .. ' ' .. s.project .. ' ' .. string.sub(KEYS[1], -21, -8) .. ' ' .. facts
  if redis.call('RPUSH', events_key, text) == 1 then
    redis.call('PEXPIRE', events_key, int(s.expires - now + EVENTS_KEPT_MS))
  end
  count_large(text, facts)
  write_to_feed(text)
  if s.events % TIDY_EVERY ~= 1 then return end
  if s.events > MAX_SESSION_EVENTS then redis.call('LTRIM', events_key, -MAX_SESSION_EVENTS, -1) end
  bound_feed()
end

local function save_sequence(s)
  redis.call('HSET', KEYS[1], 'events', s.events)
end

-- The log lives for a while after its session.
local function keep_events(left_ms)
  redis.call('PEXPIRE', events_key, int(left_ms + EVENTS_KEPT_MS))
end

local function emit_left(s, why, seat)
  emit(s, 'member.left ' .. why .. ' ' .. seat.user .. ' ' .. seat.index)
end

local function emit_away(s, why, seat)
  emit(s, 'member.away ' .. why .. ' ' .. seat.user .. ' ' .. seat.index)
end
