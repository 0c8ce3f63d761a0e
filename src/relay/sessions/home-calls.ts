/** The calls that a node makes to the home of a relay session. */
import {
  boolean,
  finite,
  integer,
  listOf,
  object,
  oneOf,
  orNull,
  text,
  type Shape,
  type Shaped,
} from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import type { StateText } from '../../protocol/presence.js';
import { CLASS } from '../../protocol/wire.js';
import { memberIndex, sessionId, userId } from '../home/id-shapes.js';

const sent = object({ seq: orNull(finite), receivers: finite });
/** `seq`: the entry's number for class reliable, else null. */
export type SentMessage = Shaped<typeof sent>;

/** JSON text. A home has checked it when its member sent it. */
const state: Shape<StateText> = { label: 'JSON text', is: (value): value is StateText => text.is(value) };

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
        state,
        joinedAtMs: finite,
        dropped: orNull(finite),
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
