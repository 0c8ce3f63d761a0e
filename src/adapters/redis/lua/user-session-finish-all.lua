-- ARGV: status, kind or 'any'. Replies those that were active.
local finished = {}
for _, s in ipairs(load_active()) do
  if ARGV[4] == 'any' or s.kind == ARGV[4] then finished[#finished + 1] = finish_user_session(s, ARGV[3]) end
end
keep_user_keys()
return finished
