-- ARGV: index and term of the current host, index of the new host. Replies {host, term}, or nil when the host or the
-- term is another, or when no member has the new index.
local s = load_session('')
if not s or s.host ~= ARGV[3] or s.term ~= tonumber(ARGV[4]) then return nil end
if redis.call('HEXISTS', indexes_key, ARGV[5]) == 0 then return nil end
if s.host ~= ARGV[5] then
  s.host, s.term = ARGV[5], s.term + 1
  save_session(s)
  revise()
end
return { s.host, s.term }
