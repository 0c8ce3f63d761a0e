-- ARGV: session ids. Replies each as text, or nil in its place.
local found = {}
for at = 3, #ARGV do
  local s = load_user_session(ARGV[at])
  found[#found + 1] = s and cjson.encode(s) or false
end
return found
