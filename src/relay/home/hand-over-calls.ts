/** The calls between the old and the new home of a relay session that moves, and the shape of what is carried over. */
import { finite, integer, listOf, object, oneOf, optional, orNull, text, type Shaped } from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import { BACKEND_INDEX, MAX_MEMBER_INDEX } from '../../protocol/ids.js';
import { lostEntries } from '../room/lost-entries.js';
import { memberIndex, sessionId, stateText } from './id-shapes.js';

const carriedMember = object({
  index: memberIndex,
  firstSeq: finite,
  state: stateText,
  dropped: finite,
  mintedFrom: orNull(finite),
  /** A JSON object. An older node does not say it. */
  metadata: optional(orNull(text)),
});

const carriedEntry = object({
  sender: integer(0, BACKEND_INDEX),
  targets: orNull(listOf(integer(0, MAX_MEMBER_INDEX))),
  /** How long ago the entry was kept, in milliseconds: the clocks of two nodes do not agree. */
  ageMs: finite,
  /** Base64. */
  payload: text,
});

/** The part of a session that only its home knows. The store has settings, host and term, seats, resume hashes. */
export const carriedRoom = object({
  epoch: text,
  /** The number of the newest reliable entry. The entries end with it, without a hole. */
  seq: finite,
  nextIndex: finite,
  /** The epoch of the home that hands over. */
  homeEpoch: finite,
  /** For whom the entries were that fell out of the replay window; null: none did. An older node does not say it. */
  lost: optional(orNull(lostEntries)),
  members: listOf(carriedMember),
  entries: listOf(carriedEntry),
});
export type CarriedRoom = Shaped<typeof carriedRoom>;
export type CarriedMember = CarriedRoom['members'][number];

const count = integer(0, Number.MAX_SAFE_INTEGER);

/**
 * One part of the JSON text of a `CarriedRoom`; the parts of a transfer are sent in order. The answer to the last part
 * says whether the receiver is the home now. The answer to another part says whether the receiver wants the next.
 */
export const HAND_OVER = callKind(
  'relay.hand_over',
  object({ sessionId, transfer: text, part: count, parts: count, text }),
  oneOf('yes', 'no'),
);

/**
 * A node that needs the session asks its draining home to hand it over now. `moved`: the session has a new home. `free`:
 * the home has no room of it and will not open one, so the caller may claim the session. `kept`: the home does not drain.
 */
export const MOVE_HERE = callKind('relay.move_here', object({ sessionId }), oneOf('moved', 'free', 'kept'));

/** Frames that members sent to the old home after it stopped taking them; the answers come in the same order. */
export const LATE_FRAMES = callKind(
  'relay.late_frames',
  object({
    sessionId,
    frames: listOf(
      object({
        index: memberIndex,
        /** Base64 of the relay frame; null: the member leaves. */
        frame: orNull(text),
      }),
    ),
  }),
  listOf(object({ seq: orNull(finite), error: orNull(text) })),
);
