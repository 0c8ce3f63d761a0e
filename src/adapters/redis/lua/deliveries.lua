-- Put in front of every script over the deliveries of one partition. KEYS: the partition's owner and its feed; then
-- records and bodies by id, the states of those that wait by id (hashes); what is ready, by target (sorted set without
-- scores: 'target due order id'); targets by when their first delivery is due; lanes (without scores: 'target lane order
-- id'); ids by order; the ends of dead letters by id (hash); dead letters by time (without scores: '* time id', the same
-- for the owner and for the target); counters (hash).
-- A state has t: target, s: owner, c: since when it waits, o: order, n: attempts, b: bytes of the body, r: its member of
-- `ready`, l: its member of `lanes`.
local owner_key, feed_key = KEYS[1], KEYS[2]
local records, bodies, states, ready, targets = KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local lanes, ages, dead, graves, counters = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local KEPT_MS = 15 * 24 * 3600000
local evicted, dropped = 0, 0

local function owns(node, epoch)
  local owner = redis.call('HMGET', owner_key, 'node', 'epoch', 'until')
  return owner[1] == node and owner[2] == epoch and tonumber(owner[3]) > now
end

local function pad(number) return string.format('%015.0f', number) end
local function last_word(member) return string.match(member, '(%S+)$') end

-- Members begin with words; no word has a space.
local function first_of(key, words)
  return redis.call('ZRANGEBYLEX', key, '[' .. words .. ' ', '(' .. words .. '!', 'LIMIT', 0, 1)[1]
end

local function load(id)
  local text = redis.call('HGET', states, id)
  return text and cjson.decode(text)
end

local function save(id, state) redis.call('HSET', states, id, cjson.encode(state)) end

local function note_first(target)
  local first = first_of(ready, target)
  if first then
    redis.call('ZADD', targets, string.match(first, '^%S+ (%d+)'), target)
  else
    redis.call('ZREM', targets, target)
  end
end

local function make_ready(id, state, due)
  state.r = state.t .. ' ' .. pad(due) .. ' ' .. pad(state.o) .. ' ' .. id
  redis.call('ZADD', ready, 0, state.r)
  note_first(state.t)
  save(id, state)
end

local function take_out(state)
  if state.r == '' then return end
  redis.call('ZREM', ready, state.r)
  state.r = ''
  note_first(state.t)
end

-- Lets the next one of the lane follow.
local function leave_lane(state)
  if state.l == '' then return end
  local lane = string.match(state.l, '^(%S+ %S+) ')
  local was_first = first_of(lanes, lane) == state.l
  redis.call('ZREM', lanes, state.l)
  state.l = ''
  local following = was_first and first_of(lanes, lane)
  if not following then return end
  local id = last_word(following)
  make_ready(id, load(id), now)
end

local function add(id, target, lane, owner, since, bytes)
  local order = redis.call('HINCRBY', counters, 'planned', 1)
  local state = { t = target, s = owner, c = tonumber(since), o = order, n = 0, b = tonumber(bytes), r = '', l = '' }
  redis.call('ZADD', ages, order, id)
  redis.call('HINCRBY', counters, 'waiting_bytes', bytes)
  if lane ~= '' then
    local words = target .. ' ' .. lane
    local is_first = not first_of(lanes, words)
    state.l = words .. ' ' .. pad(order) .. ' ' .. id
    redis.call('ZADD', lanes, 0, state.l)
    if not is_first then return save(id, state) end
  end
  make_ready(id, state, now)
end

local function remove(id, state)
  take_out(state)
  redis.call('HDEL', states, id)
  redis.call('ZREM', ages, id)
  redis.call('HINCRBY', counters, 'waiting_bytes', int(-state.b))
  leave_lane(state)
end

local function forget(id)
  redis.call('HDEL', records, id)
  redis.call('HDEL', bodies, id)
end

local function graves_of(id, grave)
  local tail = ' ' .. pad(grave.at) .. ' ' .. id
  return '*' .. tail, 'o:' .. grave.s .. tail, 't:' .. grave.t .. tail
end

local function kill(id, state, attempts, reason)
  remove(id, state)
  local grave = { t = state.t, s = state.s, n = tonumber(attempts), b = state.b, at = now, why = reason }
  redis.call('HSET', dead, id, cjson.encode(grave))
  redis.call('HINCRBY', counters, 'dead_bytes', int(state.b))
  local all, of_owner, of_target = graves_of(id, grave)
  redis.call('ZADD', graves, 0, all, 0, of_owner, 0, of_target)
end

local function bury(id, grave)
  redis.call('HDEL', dead, id)
  redis.call('HINCRBY', counters, 'dead_bytes', int(-grave.b))
  redis.call('ZREM', graves, graves_of(id, grave))
end

local function count_of(name) return tonumber(redis.call('HGET', counters, name) or 0) end

-- `from`: where ARGV has the bounds: waiting, their bytes, their age in ms, dead, their bytes, how long they are kept.
local function keep_bounds(from)
  local most, most_bytes, age = tonumber(ARGV[from]), tonumber(ARGV[from + 1]), tonumber(ARGV[from + 2])
  while true do
    local id = redis.call('ZRANGE', ages, 0, 0)[1]
    if not id then break end
    local state = load(id)
    local is_over = redis.call('ZCARD', ages) > most or count_of('waiting_bytes') > most_bytes
    if not is_over and state.c > now - age then break end
    kill(id, state, state.n, is_over and 'the queue was full' or 'it waited for too long')
    evicted = evicted + 1
  end
  local most_dead, most_dead_bytes, kept = tonumber(ARGV[from + 3]), tonumber(ARGV[from + 4]), tonumber(ARGV[from + 5])
  while true do
    local oldest = first_of(graves, '*')
    if not oldest then break end
    local id = last_word(oldest)
    local grave = cjson.decode(redis.call('HGET', dead, id))
    local is_over = redis.call('HLEN', dead) > most_dead or count_of('dead_bytes') > most_dead_bytes
    if not is_over and grave.at > now - kept then break end
    bury(id, grave)
    forget(id)
    dropped = dropped + 1
  end
end

-- Every key goes away when nobody uses the partition any more.
local function keep_keys()
  for at = 3, 12 do redis.call('PEXPIRE', KEYS[at], KEPT_MS) end
end

local function changed()
  keep_keys()
  return { 'changed', evicted, dropped }
end
