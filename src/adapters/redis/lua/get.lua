-- ARGV: scope. Replies the snapshot, or nil.
if not load_session(ARGV[3]) then return nil end
return snapshot()
