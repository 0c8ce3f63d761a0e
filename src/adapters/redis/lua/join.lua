-- ARGV: node, address, resume hash to hand out, '1' for a dry run, kind of credential. Then for a pair: session token,
-- user token; for a minted credential: user, generation, '1' to take the host role, user session to bind to or ''; for
-- a resume token: index, secret hash.
-- Replies {'joined', user, index, connection, joined at, '1' if new, user session or '', host, term}, {'refused', code}
-- or {'home_elsewhere', node}. The order of the checks is part of the contract.
local node, address, resume_hash, dry_run, kind = ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1', ARGV[7]

local function refused_join(code) return { 'refused', code } end
local function joined(s, seat, is_new)
  return { 'joined', seat.user, seat.index, seat.connection, seat.joined, is_new and '1' or '0', seat.user_session,
    s.host, s.term }
end

local s = load_session('')
if not s then return refused_join('session_not_found') end

local user, seat
local user_session = kind == 'minted' and ARGV[11] or ''
if kind == 'pair' then
  if ARGV[8] ~= s.token then return refused_join('credential_invalid') end
  user = redis.call('HGET', tokens_key, ARGV[9])
  if user == '' then return refused_join('credential_revoked') end
  seat = load_seat(user)
  if not seat then return refused_join('credential_invalid') end
elseif kind == 'minted' then
  user = ARGV[8]
  local barred = redis.call('HMGET', barred_key, 'banned ' .. user, 'kicked ' .. user)
  if barred[1] then return refused_join('banned') end
  if tonumber(ARGV[9]) < tonumber(barred[2] or s.floor) then return refused_join('credential_revoked') end
  seat = load_seat(user)
else
  seat = load_member(ARGV[8])
  -- '' stands for a missing hash and matches no one.
  if not seat or ARGV[9] == '' then return refused_join('credential_invalid') end
  if ARGV[9] ~= seat.resume and ARGV[9] ~= seat.previous then return refused_join('credential_invalid') end
  if seat.away ~= '' and tonumber(seat.away) <= now then return refused_join('credential_invalid') end
end

if s.enforce and seat and seat.address ~= '' and seat.address ~= address then return refused_join('address_not_allowed') end
if s.home == '' then return refused_join('session_not_linked') end
if s.home ~= node then return { 'home_elsewhere', s.home } end

if seat and seat.index ~= '' then
  local was_away = seat.away ~= ''
  seat.connection = seat.connection + 1
  if kind ~= 'resume' then seat.user_session = user_session end
  if dry_run then return joined(s, seat, false) end
  if kind ~= 'resume' then seat.previous = '' elseif ARGV[9] == seat.resume then seat.previous = seat.resume end
  seat.resume, seat.away = resume_hash, ''
  save_seat(seat)
  if was_away then
    redis.call('ZREM', away_key, seat.user)
    emit(s, 'member.back ' .. seat.user .. ' ' .. seat.index .. ' ' .. seat.user_session)
    save_sequence(s)
  end
  return joined(s, seat, false)
end

if s.locked then return refused_join('session_locked') end
local held = seat and seat.held
if not held and s.held >= s.max then
  if dry_run then
    local overdue = redis.call('ZCOUNT', away_key, '-inf', int(now))
    if s.held - overdue >= s.max then return refused_join('session_full') end
  else
    purge_overdue(s)
    if s.held >= s.max then
      save_session(s)
      return refused_join('session_full')
    end
  end
end

-- Takes a new index while there are any, then the lowest that has rested. A rested index stays rested, so each freed
-- index moves only once from the key ordered by time to the key ordered by index.
local index = s.next
if index > MAX_INDEX then
  local rested_before = int(now - math.max(s.window, MIN_REST_MS))
  local due = redis.call('ZRANGEBYSCORE', resting_key, '-inf', rested_before)
  for at = 1, #due, 1000 do
    local pairs_of = {}
    for i = at, math.min(at + 999, #due) do
      pairs_of[#pairs_of + 1] = due[i]
      pairs_of[#pairs_of + 1] = due[i]
    end
    redis.call('ZADD', rested_key, unpack(pairs_of))
  end
  if #due > 0 then
    redis.call('ZREMRANGEBYSCORE', resting_key, '-inf', rested_before)
    keep(s, rested_key)
  end
  index = redis.call('ZRANGE', rested_key, 0, 0)[1]
  if not index then
    if not dry_run then save_session(s) end
    return refused_join('session_full')
  end
end

-- The first member becomes host, unless a group session's creator may still connect.
local function becomes_host()
  if s.host ~= '' then return false end
  if s.creator == '' or s.creator == user then return true end
  local creator = load_seat(s.creator)
  return not (creator and creator.held)
end

seat = seat or parse_seat(user, NO_SEAT)
s.order = s.order + 1
if not is_kept(seat) then seat.order = s.order end
seat.held, seat.index, seat.joined, seat.connection = true, tostring(index), int(now), 1
seat.away, seat.resume, seat.previous, seat.user_session = '', resume_hash, '', user_session
if becomes_host() or (kind == 'minted' and ARGV[10] == '1') then
  s.host, s.host_user, s.term = seat.index, user, s.term + 1
end
if dry_run then return joined(s, seat, true) end

if s.next <= MAX_INDEX then s.next = s.next + 1 else redis.call('ZREM', rested_key, index) end
if not held then s.held = s.held + 1 end
save_seat(seat)
redis.call('HSET', indexes_key, seat.index, seat.user)
redis.call('ZADD', members_key, s.order, seat.user)
emit(s, 'member.joined ' .. user .. ' ' .. seat.index .. ' ' .. user_session)
save_session(s)
keep(s, seats_key)
keep(s, indexes_key)
keep(s, members_key)
return joined(s, seat, true)
