-- KEYS: the sessions that a user acts through. ARGV: 'session user' of each that is over.
for at = 3, #ARGV do redis.call('ZREM', KEYS[1], ARGV[at]) end
return 1
