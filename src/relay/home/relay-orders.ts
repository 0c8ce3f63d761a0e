/** The orders about a relay session that one node gives the others after the store has decided. */
import { either, finite, object, oneOf, orNull, text } from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import { memberIndex, sessionId, token, userId } from './id-shapes.js';

const removed = object({
  userId,
  index: orNull(memberIndex),
  host: object({ index: orNull(memberIndex), term: finite }),
});
const selector = either(
  either(object({ by: oneOf('index'), index: memberIndex }), object({ by: oneOf('user_id'), userId })),
  object({ by: oneOf('token'), token }),
);

/** The store has removed a user. */
export const REMOVE = callKind(
  'relay.remove',
  object({ sessionId, removed, reason: oneOf('kicked', 'revoked', 'left'), detail: orNull(text) }),
  finite,
);

/** The store knows no such user; a node may still have its member. */
export const REMOVE_FORGOTTEN = callKind(
  'relay.remove_forgotten',
  object({ sessionId, selector, detail: orNull(text) }),
  finite,
);

export const END = callKind(
  'relay.end',
  object({ sessionId, reason: oneOf('session_ended', 'session_expired') }),
  finite,
);

/** The session has other settings: the home reads them in the store. */
export const LOOK_AGAIN = callKind('relay.look_again', object({ sessionId }), finite);
