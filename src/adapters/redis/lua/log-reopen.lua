-- ARGV: node, home epoch, numbering, newest confirmed number, oldest number that the home has. Replies {'opened',
-- writer, newest number in the log}.
local confirmed, seq = ARGV[6], ARGV[6]
if log_epoch == ARGV[5] and tonumber(log_seq) >= tonumber(confirmed) then
  local unseen = redis.call('XRANGE', log_key, '(' .. id_of(confirmed), '+')
  for _, batch in ipairs(unseen) do redis.call('XDEL', log_key, batch[1]) end
  -- Else the stream would refuse these numbers.
  if redis.call('XLEN', log_key) == 0 then
    redis.call('UNLINK', log_key)
  elseif #unseen > 0 then
    redis.call('XSETID', log_key, id_of(confirmed))
  end
else
  redis.call('UNLINK', log_key)
  seq = int(tonumber(ARGV[7]) - 1)
end
return { 'opened', save_log(ARGV[5], seq), seq }
