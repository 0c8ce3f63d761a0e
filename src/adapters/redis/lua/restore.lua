-- ARGV: node, epoch, revision to replace or '', remaining life in ms, generation, revision. Then three lists, each
-- after its length: names and values of fields; names and values of bars; user, rank among the members and text of each
-- seat. `away` of such a seat is the time in ms that is left of the resume window.
-- Replies 1, or 0 when the store holds something else than the caller has read.
local node, epoch, instead = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local there = redis.call('HMGET', session_key, 'project', 'expires', 'home', 'epoch', 'revision', 'generation', 'floor', 'over',
  'events')
if there[8] or (there[1] and tonumber(there[2]) <= now) then return 0 end
if there[1] == false and instead ~= '' then return 0 end
if there[1] then
  local there_epoch = tonumber(there[4])
  if (there[5] or '0') ~= instead or there_epoch > epoch or (there_epoch == epoch and there[3] ~= node) then return 0 end
end

local s = { expires = now + tonumber(ARGV[6]), order = 0, held = 0 }
-- The log may have outlived the fields. Its numbers go on.
local newest = redis.call('LINDEX', events_key, -1)
local events = math.max(tonumber(there[9] or 0), newest and tonumber(string.match(newest, '^%d+')) or 0)
local generation = math.max(tonumber(ARGV[7]), tonumber(there[6] or 0))
local floor = there[7] or '0'
-- Credentials minted and users barred in between are unknown. A time in milliseconds exceeds any count of removals.
if not there[1] or tonumber(there[4]) < epoch then
  generation = math.max(generation + 1, now)
  floor = int(generation)
end
for at, key in ipairs(KEYS) do
  if key ~= barred_key then redis.call('UNLINK', key) end
end

local at = 9
local function each_pair(key)
  local last = at + tonumber(ARGV[at])
  for from = at + 1, last, 2 do redis.call('HSET', key, ARGV[from], ARGV[from + 1]) end
  at = last + 1
end
each_pair(session_key)
each_pair(barred_key)

for from = at + 1, at + tonumber(ARGV[at]), 3 do
  s.order = s.order + 1
  local seat = parse_seat(ARGV[from], ARGV[from + 2])
  seat.order = s.order
  if seat.held then s.held = s.held + 1 end
  if seat.token ~= '' then
    redis.call('HSET', tokens_key, seat.token, seat.user)
    redis.call('HINCRBY', addresses_key, seat.address, 1)
  end
  if seat.wallet ~= '' then redis.call('HSET', addresses_key, 'wallet ' .. seat.wallet, seat.user) end
  if seat.index ~= '' then
    redis.call('HSET', indexes_key, seat.index, seat.user)
    redis.call('ZADD', members_key, ARGV[from + 1], seat.user)
  end
  if seat.away ~= '' then
    seat.away = int(now + tonumber(seat.away))
    redis.call('ZADD', away_key, seat.away, seat.user)
  end
  save_seat(seat)
end

-- Every index was assigned once, so the unused indexes rest from now on.
local next_index = tonumber(redis.call('HGET', session_key, 'next'))
if next_index > MAX_INDEX then
  for index = 0, MAX_INDEX do
    if redis.call('HEXISTS', indexes_key, index) == 0 then redis.call('ZADD', resting_key, now, index) end
  end
end
local revision = math.max(tonumber(ARGV[8]), tonumber(there[5] or 0)) + 1
redis.call('HSET', session_key, 'expires', int(s.expires), 'generation', int(generation), 'floor', floor,
  'revision', int(revision), 'held', s.held, 'order', s.order, 'events', events)
for _, key in ipairs(KEYS) do keep(s, key) end
keep_events(s.expires - now)
return 1
