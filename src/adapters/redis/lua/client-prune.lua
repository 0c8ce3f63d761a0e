-- ARGV: sessions that were not found. Drops them from the list, except for new ones, which may just be being opened.
local MIN_AGE_MS = 60000
for at = 3, #ARGV do
  local score = redis.call('ZSCORE', KEYS[2], ARGV[at])
  if score and tonumber(score) <= now - MIN_AGE_MS then drop_session_of_client(ARGV[at]) end
end
return 1
