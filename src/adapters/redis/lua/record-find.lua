-- KEYS: records, names. ARGV: 'field=value'. Replies the record, or nil.
local id = redis.call('HGET', KEYS[2], ARGV[3])
return id and redis.call('HGET', KEYS[1], id)
