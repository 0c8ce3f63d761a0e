-- ARGV: node, home epoch, writer, number before the batch, number of its last entry, oldest number to keep, batch.
if log_writer ~= ARGV[5] or log_seq ~= ARGV[6] then return { 'outdated' } end
redis.call('XADD', log_key, 'MINID', '~', id_of(ARGV[8]), id_of(ARGV[7]), 't', int(now), 'b', ARGV[9])
redis.call('HSET', session_key, 'log_seq', ARGV[7])
if redis.call('XLEN', log_key) == 1 then redis.call('PEXPIRE', log_key, int(expires - now + KEEP_AFTER_EXPIRY_MS)) end
return { 'appended' }
