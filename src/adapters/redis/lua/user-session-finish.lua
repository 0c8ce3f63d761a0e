-- ARGV: id, status. Replies {'changed', session}, {'not_active', session} or nil.
local s = load_user_session(ARGV[3])
if not s then return nil end
local outcome, text = 'not_active', nil
if is_active(s) then
  outcome, text = 'changed', finish_user_session(s, ARGV[4])
elseif ARGV[4] == 'removed' and s.status ~= 'removed' then
  s.status, s.updatedAtMs = 'removed', now
  text = save_user_session(s)
  tell_session('removed', text)
else
  return { outcome, cjson.encode(s) }
end
keep_user_keys()
return { outcome, text }
