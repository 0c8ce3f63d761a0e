/** The questions of nodes to each other about the presence of users. */
import {
  boolean,
  finite,
  listOf,
  object,
  oneOf,
  optional,
  orNull,
  text,
  type Shape,
  type Shaped,
} from '../../lib/shape.js';
import { callKind } from '../../ports/node-calls.js';
import { parseProjectId, parseUserSessionId, type ProjectId, type UserSessionId } from '../../protocol/ids.js';
import { memberIndex, sessionId, userId } from '../home/id-shapes.js';

const projectId: Shape<ProjectId> = {
  label: 'project id',
  is: (value): value is ProjectId => text.is(value) && parseProjectId(value) !== null,
};

const userSessionId: Shape<UserSessionId> = {
  label: 'user session id',
  is: (value): value is UserSessionId => text.is(value) && parseUserSessionId(value) !== null,
};

/** A member of a session whose home is the node that answers. */
const heldMember = object({
  userId,
  sessionId,
  projectId,
  homeEpoch: finite,
  index: memberIndex,
  role: oneOf('host', 'client'),
  connected: boolean,
});
export type HeldMember = Shaped<typeof heldMember>;

/** A socket at the node that answers. */
const heldSocket = object({ userId, seatName: orNull(text), userSessionId: optional(userSessionId) });
export type HeldSocket = Shaped<typeof heldSocket>;

const holdings = object({ members: listOf(heldMember), sockets: listOf(heldSocket) });
/** The sockets that one node holds of some users. */
export type Holdings = Shaped<typeof holdings>;

export const FIND_USERS = callKind('presence.find_users', object({ userIds: listOf(userId) }), holdings);
