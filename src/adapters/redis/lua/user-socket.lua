-- Put in front of every script over the sockets of one user. KEYS: places (hash: socket id to 'order until node').
local KEEP_MS = 10000

-- Returns the places that have not expired, oldest first, and removes the others.
local function load_places()
  local places, all = {}, redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    local order, ends, node = string.match(all[at + 1], '^(%d+) (%d+) (%S+)$')
    if tonumber(ends) > now then
      places[#places + 1] = { id = all[at], order = tonumber(order), ends = tonumber(ends), node = node }
    else
      redis.call('HDEL', KEYS[1], all[at])
    end
  end
  table.sort(places, function(a, b) return a.order < b.order end)
  return places
end

local function save_place(place)
  redis.call('HSET', KEYS[1], place.id, int(place.order) .. ' ' .. int(place.ends) .. ' ' .. place.node)
  if redis.call('PTTL', KEYS[1]) < place.ends - now + KEEP_MS then
    redis.call('PEXPIRE', KEYS[1], int(place.ends - now + KEEP_MS))
  end
end
