-- Put in front of every script. ARGV[1]: the time in Unix ms, or 0 to ask this server. ARGV[2]: the time
-- by this server's clock after which the caller has given up, so that nothing may change any more; 0: none.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local deadline = tonumber(ARGV[2])
if deadline > 0 and now > deadline then return redis.error_reply('LATE the caller has given up') end
if ARGV[1] ~= '0' then now = tonumber(ARGV[1]) end

-- Numbers above 14 digits and times must not become 1.7e+12.
local function int(number)
  return string.format('%.0f', number)
end
