-- ARGV: sessions that were not found. Those that are not just being opened are listed no longer.
local MIN_AGE_MS = 60000
for at = 3, #ARGV do
  local score = redis.call('ZSCORE', KEYS[2], ARGV[at])
  if score and tonumber(score) <= now - MIN_AGE_MS then drop_session_of_client(ARGV[at]) end
end
return 1
