-- KEYS: a scratch key, and a key beside it that is only named, so that Redis checks the user's right to it.
-- Writes something that means nothing, to learn whether Redis takes writes there.
redis.call('SET', KEYS[1], '1', 'PX', 1)
return 1
