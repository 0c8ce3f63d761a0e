-- KEYS: the sessions that a user acts through. Replies those whose lifetime is not over.
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. int(now), '+inf')
