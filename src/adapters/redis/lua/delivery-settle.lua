-- ARGV: node, epoch, six bounds, id, kind, attempts, and when it is due again or why it is dead.
if not owns(ARGV[3], ARGV[4]) then return { 'not_owner' } end
local id, kind, attempts = ARGV[11], ARGV[12], ARGV[13]
local state = load(id)
local text = not state and kind == 'done' and redis.call('HGET', dead, id)
if state and kind == 'done' then
  remove(id, state)
  forget(id)
elseif state and kind == 'dead' then
  kill(id, state, attempts, ARGV[14])
elseif state then
  take_out(state)
  leave_lane(state)
  state.n = tonumber(attempts)
  make_ready(id, state, tonumber(ARGV[14]))
end
if text then
  -- The bounds gave it up while it was under way.
  bury(id, cjson.decode(text))
  forget(id)
end
keep_bounds(5)
return changed()
