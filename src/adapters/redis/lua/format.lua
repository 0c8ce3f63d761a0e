-- KEYS: the key of the format version. ARGV: this program's version, '1' if Redis has data of Sallyport.
-- Replies the stored version, or 'none' for data without a version. Writes the version when there is no data.
local found = redis.call('GET', KEYS[1])
if found then return found end
if ARGV[4] == '1' then return 'none' end
redis.call('SET', KEYS[1], ARGV[3])
return ARGV[3]
