-- KEYS: the newest positions of the logs, the log. ARGV: the log's name, the position to read after, limit, how long a
-- log keeps an event in ms, how many bytes of events are enough. Replies {newest, oldest, position, partition, place in
-- the feed, event, ...}. `oldest` is the oldest position that is kept, or the next one to read, which is kept too.
local STEP = 16
local after, limit, left = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
local newest = tonumber(redis.call('HGET', KEYS[1], ARGV[3])) or 0

local function position_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function is_young(entry)
  local time = string.match(entry[2][6], '^%d* (%d+)')
  return not time or tonumber(time) > now - tonumber(ARGV[6])
end

-- The first entry at this position or behind it.
local function entry_at(position)
  return redis.call('XRANGE', KEYS[2], int(position) .. '-0', '+', 'COUNT', 1)[1]
end

-- The times of a log go up, so half of what is left can be ruled out at each look.
local function find_oldest()
  local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not first then return newest + 1 end
  local low, high = position_of(first), newest + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local entry = entry_at(middle)
    if not entry or is_young(entry) then high = middle else low = position_of(entry) + 1 end
  end
  return low
end

local following = after < newest and entry_at(after + 1)
local is_kept = following and position_of(following) == after + 1 and is_young(following)
local oldest = is_kept and after + 1 or find_oldest()
local reply = { newest, oldest }
if after > newest or after < oldest - 1 then return reply end
local from, count = int(after + 1) .. '-0', 0
while count < limit and left > 0 do
  local some = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', math.min(STEP, limit - count))
  if #some == 0 then break end
  for _, entry in ipairs(some) do
    if left <= 0 then break end
    reply[#reply + 1] = string.match(entry[1], '^%d+')
    for at = 2, 6, 2 do reply[#reply + 1] = entry[2][at] end
    left, count = left - #entry[2][6], count + 1
  end
  from = '(' .. some[#some][1]
end
return reply
