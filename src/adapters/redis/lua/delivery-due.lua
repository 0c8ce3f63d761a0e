-- ARGV: node, epoch, the time, limit, limit of each target, how many ids follow, the ids in flight, the resting targets.
-- Replies 'due', the next due time or '', how many wait, since when the oldest waits or '', how many are dead, and a flat
-- list: id, due, attempts, record, body.
if not owns(ARGV[3], ARGV[4]) then return { 'not_owner' } end
local limit, per_target, in_flight = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
-- Due times of plans are by this server's clock. The clock of the node may be behind.
local at = math.max(tonumber(ARGV[5]), now)
local busy, resting = {}, {}
for i = 9, 8 + in_flight do busy[ARGV[i]] = true end
for i = 9 + in_flight, #ARGV do resting[ARGV[i]] = true end

local found, count, following = {}, 0, nil
local function note(due)
  if not following or due < following then following = due end
end
-- Only a resting target, or one whose deliveries are in flight, can lack a delivery to send.
local most_targets = #ARGV - 8 + limit
for _, target in ipairs(redis.call('ZRANGEBYSCORE', targets, '-inf', int(at), 'LIMIT', 0, most_targets)) do
  if count >= limit then break end
  if not resting[target] then
    local members = redis.call('ZRANGEBYLEX', ready, '[' .. target .. ' ', '(' .. target .. '!', 'LIMIT', 0, per_target)
    for _, member in ipairs(members) do
      local due, id = tonumber(string.match(member, '^%S+ (%d+)')), last_word(member)
      if due > at then
        note(due)
        break
      end
      if count < limit and not busy[id] then
        local attempts = load(id).n
        for _, value in ipairs({ id, int(due), attempts, redis.call('HGET', records, id), redis.call('HGET', bodies, id) }) do
          found[#found + 1] = value
        end
        count = count + 1
      end
    end
  end
end
for _, target in ipairs(redis.call('ZRANGEBYSCORE', targets, '(' .. int(at), '+inf', 'LIMIT', 0, 100)) do
  if not resting[target] then
    note(tonumber(redis.call('ZSCORE', targets, target)))
    break
  end
end
local oldest = redis.call('ZRANGE', ages, 0, 0)[1]
local since = oldest and int(load(oldest).c) or ''
return { 'due', following and int(following) or '', redis.call('ZCARD', ages), since, redis.call('HLEN', dead), found }
