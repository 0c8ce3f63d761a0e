-- KEYS: records (hash: id to JSON), names (hash: 'field=value' to id), and for a listed table: listing, position
-- counter. ARGV: id, version, record, most records ('': no limit), the event of a user that becomes banned or '', then
-- each unique field and its '=value', or '' for none.
-- Replies {'written'}, {'outdated'}, {'full'} or {'taken', field}.
local before = redis.call('HGET', KEYS[1], ARGV[3])
before = before and cjson.decode(before)
if tonumber(ARGV[4]) ~= (before and before.version or 0) + 1 then return { 'outdated' } end
if not before and ARGV[6] ~= '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return { 'full' } end
for at = 8, #ARGV, 2 do
  local owner = ARGV[at + 1] ~= '' and redis.call('HGET', KEYS[2], ARGV[at] .. ARGV[at + 1])
  if owner and owner ~= ARGV[3] then return { 'taken', ARGV[at] } end
end
for at = 8, #ARGV, 2 do
  local old = before and before[ARGV[at]]
  if old and old ~= cjson.null then redis.call('HDEL', KEYS[2], ARGV[at] .. '=' .. old) end
  if ARGV[at + 1] ~= '' then redis.call('HSET', KEYS[2], ARGV[at] .. ARGV[at + 1], ARGV[3]) end
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[5])
if KEYS[3] and not before then redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), ARGV[3]) end
if ARGV[7] ~= '' and not (before and before.banned) then tell(ARGV[7]) end
return { 'written' }
