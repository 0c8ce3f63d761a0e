-- ARGV: status, kind or 'any', the id of a session to keep or ''. Ends all others of the kind and replies them.
local finished = {}
for _, s in ipairs(load_active()) do
  local meant = ARGV[4] == 'any' or s.kind == ARGV[4]
  if meant and s.id ~= ARGV[5] then finished[#finished + 1] = finish_user_session(s, ARGV[3]) end
end
keep_user_keys()
return finished
