-- KEYS: a scratch key. ARGV: names of commands. Replies the names of those that the connection's user may not run.
-- Redis checks the number of arguments before the right, so this tries each number until it fits. What the commands do
-- to the scratch key means nothing.
local function is_refused(command)
  local arguments = {}
  for count = 0, 6 do
    if count > 0 then arguments[count] = count == 1 and KEYS[1] or '1' end
    local reply = redis.pcall(command, unpack(arguments))
    local problem = type(reply) == 'table' and reply.err
    if not problem or not string.find(problem, 'rong number of arg') then
      return problem and (string.find(problem, 'NOPERM') or string.find(problem, "can't run")
        or string.find(problem, 'ACL failure'))
    end
  end
  return false
end
local refused = {}
for at = 3, #ARGV do
  if is_refused(ARGV[at]) then refused[#refused + 1] = ARGV[at] end
end
redis.pcall('PEXPIRE', KEYS[1], '1')
return refused
