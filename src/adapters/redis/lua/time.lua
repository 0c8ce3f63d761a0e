-- Put in front of every script. ARGV[1]: the time in Unix ms, or 0 to use this server's clock. ARGV[2]: the deadline by
-- this server's clock, or 0 for none. After the deadline the caller has given up, so the script must change nothing.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local deadline = tonumber(ARGV[2])
if deadline > 0 and now > deadline then return redis.error_reply('LATE the caller has given up') end
if ARGV[1] ~= '0' then now = tonumber(ARGV[1]) end

-- Formats a whole number. Lua would write times and other long numbers as 1.7e+12.
local function int(number)
  return string.format('%.0f', number)
end
