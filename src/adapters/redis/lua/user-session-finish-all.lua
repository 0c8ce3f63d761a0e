-- ARGV: status, kind or 'any', the id of one to keep or ''. Replies those that were active and are not.
local finished = {}
for _, s in ipairs(load_active()) do
  local meant = ARGV[4] == 'any' or s.kind == ARGV[4]
  if meant and s.id ~= ARGV[5] then finished[#finished + 1] = finish_user_session(s, ARGV[3]) end
end
keep_user_keys()
return finished
