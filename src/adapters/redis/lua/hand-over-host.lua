-- ARGV: node, epoch, index and term of the current host, index of the new host. Replies {host, term}, or nil when the
-- home, the host or the term is another, or when no member has the new index.
local s = load_session('')
if not s or not is_home(s, ARGV[3], ARGV[4]) or s.host ~= ARGV[5] or s.term ~= tonumber(ARGV[6]) then return nil end
local user = redis.call('HGET', indexes_key, ARGV[7])
if not user then return nil end
if s.host ~= ARGV[7] then
  s.host, s.host_user, s.term = ARGV[7], user, s.term + 1
  save_session(s)
  revise()
end
return { s.host, s.term }
