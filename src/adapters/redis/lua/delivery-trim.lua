-- ARGV: node, epoch, six bounds.
if not owns(ARGV[3], ARGV[4]) then return { 'not_owner' } end
keep_bounds(5)
return changed()
