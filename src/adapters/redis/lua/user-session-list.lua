-- ARGV: the position to list from ('+inf': the newest), limit, status or ''. Replies {the position where the search
-- stopped or '' at the end, position, session, ...}, newest first, with one more than `limit` if more follow.
local MAX_LOOKED_AT = 1000
local ids = redis.call('ZREVRANGEBYSCORE', listing_key, '(' .. ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, MAX_LOOKED_AT)
local reply = { #ids == MAX_LOOKED_AT * 2 and ids[#ids] or '' }
for at = 1, #ids, 2 do
  if #reply > ARGV[4] * 2 + 1 then break end
  local s = load_user_session(ids[at])
  if s and (ARGV[5] == '' or s.status == ARGV[5]) then
    reply[#reply + 1] = ids[at + 1]
    reply[#reply + 1] = cjson.encode(s)
  end
end
return reply
