-- ARGV: the host's index and term, the next one's index. Replies {host, term}, or nil.
local s = load_session('')
if not s or s.host ~= ARGV[3] or s.term ~= tonumber(ARGV[4]) then return nil end
if redis.call('HEXISTS', indexes_key, ARGV[5]) == 0 then return nil end
if s.host ~= ARGV[5] then
  s.host, s.term = ARGV[5], s.term + 1
  save_session(s)
  revise()
end
return { s.host, s.term }
