/** The calls that a node makes to the home of a relay session. */
import {
  boolean,
  finite,
  integer,
  listOf,
  object,
  oneOf,
  optional,
  orNull,
  text,
  type Shaped,
} from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import { CLASS } from '../../protocol/wire.js';
import { memberIndex, sessionId, stateText, userId } from '../home/id-shapes.js';

const sent = object({ seq: orNull(finite), receivers: finite });
/** `seq`: the entry's number for class reliable, else null. */
export type SentMessage = Shaped<typeof sent>;

/** null: the session has no room at its home, so that nobody is connected. */
export const LIST_MEMBERS = callKind(
  'relay.list_members',
  object({ sessionId }),
  orNull(
    listOf(
      object({
        index: memberIndex,
        userId,
        role: oneOf('host', 'client'),
        connected: boolean,
        state: stateText,
        joinedAtMs: finite,
        dropped: orNull(finite),
        /** A JSON object. An older node does not say it. */
        metadata: optional(orNull(text)),
      }),
    ),
  ),
);

export const SEND_MESSAGE = callKind(
  'relay.send_message',
  object({
    sessionId,
    deliveryClass: oneOf(CLASS.volatile, CLASS.latest, CLASS.reliable),
    key: integer(0, 0xffff),
    targets: orNull(listOf(memberIndex)),
    /** Base64. */
    payload: text,
  }),
  sent,
);
