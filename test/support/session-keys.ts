/** Names of the keys of relay sessions, for tests that look into Redis. */
import { createKeys } from '../../src/adapters/redis/keys.js';
import { parseSessionId, type SessionId } from '../../src/protocol/ids.js';

/** The hash with the session's fields. */
export function fieldsOf(id: string, keyPrefix = 'sallyport'): string {
  const [fields = ''] = createKeys(keyPrefix).session(known(id));
  return fields;
}

/** The stream of a durable session's log. */
export function durableLogOf(id: string, keyPrefix = 'sallyport'): string {
  return createKeys(keyPrefix).sessionLog(known(id));
}

function known(id: string): SessionId {
  const parsed = parseSessionId(id);
  if (parsed === null) throw new Error('not the id of a session');
  return parsed;
}
