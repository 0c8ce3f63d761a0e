-- ARGV: id, inactivity in ms or '', '=<organization>' ('=': none) or '', effective user or ''.
-- Replies {'changed', session, '1' if it is now due earlier}, {'not_active', session} or nil.
local s = load_user_session(ARGV[3])
if not s then return nil end
if not is_active(s) then return { 'not_active', cjson.encode(s) } end
local due = due_of(s)
s.updatedAtMs = now
if ARGV[4] ~= '' then s.lastActiveAtMs, s.abandonAtMs = now, now + tonumber(ARGV[4]) end
if ARGV[5] == '=' then s.organizationId = cjson.null elseif ARGV[5] ~= '' then s.organizationId = string.sub(ARGV[5], 2) end
if ARGV[6] ~= '' then s.effectiveUserId = ARGV[6] end
local text = save_user_session(s)
keep_user_keys()
if ARGV[4] ~= '' then tell_session('touched', text) end
return { 'changed', text, due_of(s) < due and '1' or '0' }
