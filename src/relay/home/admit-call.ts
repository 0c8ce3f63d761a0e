/** The calls with which a satellite asks the home of a session to admit a socket, or whether it would. */
import { boolean, either, finite, integer, object, oneOf, orNull, text, type Shaped } from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import { memberIndex, sessionId, token, userId, userSessionId } from './id-shapes.js';

const pair = object({ kind: oneOf('pair'), sessionToken: token, userToken: token });
const minted = object({
  kind: oneOf('minted'),
  userId,
  generation: finite,
  asHost: boolean,
  userSessionId: orNull(userSessionId),
});
const resumed = object({ kind: oneOf('resume'), index: memberIndex, secretHash: text });

const claim = object({
  sessionId,
  credential: either(either(pair, minted), resumed),
  /** null: the client showed no resume token. */
  resume: orNull(object({ epoch: text, seq: finite })),
  /** The client's address in canonical form. */
  address: text,
});

/** A credential in its parsed form, whose signature is verified, and the position that the client gave. */
export type Claim = Shaped<typeof claim>;

/** Rejects with the failure that refuses the handshake. `socket` is never 0. */
export const ADMIT = callKind(
  'relay.admit',
  claim,
  object({ socket: integer(1, 0xffffffff), userId, seatName: orNull(text) }),
);

/** Rejects as `ADMIT` would, and takes no seat. */
export const EXAMINE = callKind('relay.examine', claim, boolean);
