-- ARGV: node, home epoch, the numbering of a new log. Replies {'opened', writer, numbering, newest number, batches}.
if not log_epoch or log_server ~= server() then
  redis.call('UNLINK', log_key)
  log_epoch, log_seq = ARGV[5], '0'
end
local writer = save_log(log_epoch, log_seq)
return { 'opened', writer, log_epoch, log_seq, redis.call('XRANGE', log_key, '-', '+') }
