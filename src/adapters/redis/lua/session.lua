-- Put in front of every script over one relay session. KEYS are the session's keys, in the order of keys.ts.
local session_key, seats_key, tokens_key, indexes_key, members_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local away_key, addresses_key, barred_key, resting_key, rested_key = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]

local KEEP_AFTER_EXPIRY_MS = 60000
local MAX_INDEX = 65533
local MIN_REST_MS = 300000

-- The fields that scripts make decisions with; NUMBERS are the numeric ones. A missing number is 0, a missing text ''.
local DECIDING = { 'project', 'token', 'enforce', 'locked', 'home', 'host', 'creator', 'expires', 'max', 'window',
  'generation', 'term', 'held', 'next', 'order', 'floor', 'epoch', 'events' }
local NUMBERS = { 'expires', 'max', 'window', 'generation', 'term', 'held', 'next', 'order', 'floor', 'epoch', 'events' }

-- nil when the session does not exist in this scope ('' is every scope), or has expired.
local function load_session(scope)
  local values = redis.call('HMGET', session_key, unpack(DECIDING))
  local s = {}
  for at = 1, #DECIDING do s[DECIDING[at]] = values[at] or '' end
  for at = 1, #NUMBERS do s[NUMBERS[at]] = tonumber(s[NUMBERS[at]]) or 0 end
  s.enforce, s.locked = s.enforce == '1', s.locked == '1'
  s.told_host, s.told_term = s.host, s.term
  if s.project == '' or s.expires <= now or (scope ~= '' and scope ~= s.project) then return nil end
  return s
end

-- Whether this node is the session's home still, and since this epoch.
local function is_home(s, node, epoch)
  return s.home == node and s.epoch == tonumber(epoch)
end

-- The change of the host is the last event of a step, and one, however often the role has moved.
local function save_session(s)
  if s.host ~= s.told_host or s.term ~= s.told_term then
    emit(s, 'host.changed ' .. s.host .. ' ' .. s.host_user .. ' ' .. s.term)
    s.told_host, s.told_term = s.host, s.term
  end
  redis.call('HSET', session_key, 'generation', s.generation, 'host', s.host, 'term', s.term, 'held', s.held,
    'next', s.next, 'order', s.order, 'events', s.events)
end

-- Redis deletes an empty key together with its expiry, so every write that can create a key sets the expiry again.
local function keep(s, key)
  redis.call('PEXPIRE', key, int(s.expires - now + KEEP_AFTER_EXPIRY_MS))
end

-- Tells the home that something changed without it. Changes by sockets do not count: their home makes them.
local function revise()
  redis.call('HINCRBY', session_key, 'revision', 1)
end

-- Removes the session. If it had members, the reason stays in its fields, so that its home does not take it for lost.
local function finish(why, kept_ms)
  local had_members = redis.call('EXISTS', indexes_key) == 1
  redis.call('UNLINK', unpack(KEYS))
  if not had_members then return end
  redis.call('HSET', session_key, 'over', why)
  redis.call('PEXPIRE', session_key, kept_ms)
end

-- A seat is one text, so that a join reads and writes one field. seat-fields.ts defines the seat's fields, and puts
-- read_seat(user, text), write_seat(seat) and NO_SEAT in front of this file. A field without a value is ''.
local function parse_seat(user, text)
  local seat = read_seat(user, text)
  seat.held, seat.connection = seat.held == '1', tonumber(seat.connection)
  return seat
end

local function load_seat(user)
  local text = user and redis.call('HGET', seats_key, user)
  return text and parse_seat(user, text) or nil
end

local function load_member(index)
  return load_seat(redis.call('HGET', indexes_key, index))
end

local function load_wallet(wallet)
  return load_seat(redis.call('HGET', addresses_key, 'wallet ' .. wallet))
end

-- Whether the seat outlives its member: the user was authorized, or the wallet added, without a socket.
local function is_kept(seat) return seat.token ~= '' or seat.wallet ~= '' end

local function format_seat(seat)
  local held = seat.held
  seat.held = held and '1' or '0'
  local text = write_seat(seat)
  seat.held = held
  return text
end

local function save_seat(seat)
  redis.call('HSET', seats_key, seat.user, format_seat(seat))
end

-- Adds the seat of a new user. False when the user id, the token or the wallet was used before. `seat` comes from
-- parse_seat.
local function add_seat(s, seat)
  local user = seat.user
  if redis.call('HEXISTS', seats_key, user) == 1 then return false end
  if seat.token ~= '' then
    if redis.call('HSETNX', tokens_key, seat.token, user) == 0 then return false end
    redis.call('HINCRBY', addresses_key, seat.address, 1)
  elseif redis.call('HSETNX', addresses_key, 'wallet ' .. seat.wallet, user) == 0 then
    return false
  end
  s.order, s.held = s.order + 1, s.held + 1
  seat.order, seat.held = s.order, true
  save_seat(seat)
  return true
end

local function drop_member(s, seat)
  redis.call('HDEL', indexes_key, seat.index)
  redis.call('ZREM', members_key, seat.user)
  redis.call('ZREM', away_key, seat.user)
  redis.call('ZADD', resting_key, now, seat.index)
  keep(s, resting_key)
  s.held = s.held - 1
  if not is_kept(seat) then
    redis.call('HDEL', seats_key, seat.user)
  else
    seat.held, seat.index, seat.joined, seat.connection = false, '', '', nil
    seat.away, seat.resume, seat.previous, seat.user_session = '', '', '', ''
    save_seat(seat)
  end
end

-- The member with the longest membership becomes host.
local function pass_host_on(s)
  local heir = load_seat(redis.call('ZRANGE', members_key, 0, 0)[1])
  if heir then s.host, s.host_user, s.term = heir.index, heir.user, s.term + 1 else s.host, s.host_user = '', '' end
end

-- A member leaves for good: gives its seat back; a listed user keeps the authorization.
local function depart_member(s, seat, why)
  local was_host = s.host == seat.index
  emit_left(s, why, seat)
  drop_member(s, seat)
  if was_host then pass_host_on(s) end
end

-- Gives back every seat whose resume window has passed. The host role moves at most once.
local function purge_overdue(s)
  local host_left = false
  for _, user in ipairs(redis.call('ZRANGEBYSCORE', away_key, '-inf', int(now))) do
    local seat = load_seat(user)
    host_left = host_left or s.host == seat.index
    emit_left(s, 'timeout', seat)
    drop_member(s, seat)
  end
  if host_left then pass_host_on(s) end
end

-- Raises the session's generation and requires it of this user's minted credentials.
local function outdate_minted(s, user)
  s.generation = s.generation + 1
  redis.call('HSET', barred_key, 'kicked ' .. user, s.generation)
  keep(s, barred_key)
end

-- A refusal: what was purged for it stays so.
local function refused(s, code)
  save_session(s)
  return code
end

-- Removes a user's member, seat and authorization, and invalidates the user's minted credentials. `why`: what the event
-- of the member's departure says. Returns the member's index or ''.
local function remove_user(s, seat, reason, why)
  local index, token, held = seat.index, seat.token, seat.held
  outdate_minted(s, seat.user)
  redis.call('HSET', barred_key, 'reason ' .. seat.user, reason)
  if index ~= '' then depart_member(s, seat, why) elseif held then s.held = s.held - 1 end
  redis.call('HDEL', seats_key, seat.user)
  if token ~= '' then
    redis.call('HSET', tokens_key, token, '')
    if redis.call('HINCRBY', addresses_key, seat.address, -1) == 0 then
      redis.call('HDEL', addresses_key, seat.address)
    end
  end
  if seat.wallet ~= '' then redis.call('HDEL', addresses_key, 'wallet ' .. seat.wallet) end
  -- The creator had not connected; the first member to connect has waited for the role.
  if s.host == '' and seat.user == s.creator then pass_host_on(s) end
  return index
end

-- The fields that a reader needs, in the order of FACTS. Scripts reply with them as one text, a line per field: the
-- gateway reads it much faster than a list of fifty. No field contains a raw line break. session-fields.ts puts FACTS
-- in front of this file and reads the lines.
local function read_facts()
  return redis.call('HMGET', session_key, unpack(FACTS))
end

local function fact(values, name)
  for at = 1, #FACTS do
    if FACTS[at] == name then return values[at] end
  end
end

local function lines_of(values)
  for at = 1, #FACTS do values[at] = values[at] or '' end
  return table.concat(values, '\n')
end

local function facts()
  return lines_of(read_facts())
end

-- The lines of the facts, then two lines per seat: the user and the seat.
local function with_seats(lines)
  local seats = redis.call('HGETALL', seats_key)
  if #seats == 0 then return lines end
  return lines .. '\n' .. table.concat(seats, '\n')
end

-- `values`: the facts, if they were read already.
local function snapshot(values)
  return with_seats(lines_of(values or read_facts()))
end
