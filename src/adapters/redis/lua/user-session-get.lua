-- ARGV: session ids. Replies the text of each session, or nil for a missing one.
local found = {}
for at = 3, #ARGV do
  local s = load_user_session(ARGV[at])
  found[#found + 1] = s and cjson.encode(s) or false
end
return found
