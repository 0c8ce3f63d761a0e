-- Put in front of every script over one client. KEYS: fields (hash), its sessions (sorted set of 'session user', in the
-- order they were opened).
local KEEP_AFTER_MS = 60000

local function expiry_of_client()
  local expires = tonumber(redis.call('HGET', KEYS[1], 'expires') or 0)
  return expires > now and expires or nil
end

-- A key that becomes empty is gone, and its expiry with it.
local function keep_client(expires)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, int(expires - now + KEEP_AFTER_MS)) end
end
