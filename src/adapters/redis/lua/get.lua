-- ARGV: scope. Replies the snapshot, or nil without a session.
local values = read_facts()
local project, expires = fact(values, 'project'), fact(values, 'expires')
if not project or tonumber(expires) <= now or (ARGV[3] ~= '' and ARGV[3] ~= project) then return nil end
return snapshot(values)
