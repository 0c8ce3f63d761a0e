-- ARGV: ttl in ms, socket ids. A socket without a place does not get one.
local renewed = {}
for at = 4, #ARGV do renewed[ARGV[at]] = true end
for _, place in ipairs(load_places()) do
  if renewed[place.id] then
    place.ends = now + tonumber(ARGV[3])
    save_place(place)
  end
end
return 1
