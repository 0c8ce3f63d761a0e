/** Shapes of the ids in what nodes send each other about relay sessions. */
import { number, text, type Shape } from '../../lib/shape.js';
import {
  MAX_MEMBER_INDEX,
  parseAuthorizationToken,
  parseMemberIndex,
  parseSessionId,
  parseUserId,
  parseUserSessionId,
  type AuthorizationToken,
  type MemberIndex,
  type SessionId,
  type UserId,
  type UserSessionId,
} from '../../protocol/ids.js';
import type { StateText } from '../../protocol/presence.js';

export const sessionId: Shape<SessionId> = {
  label: 'session id',
  is: (value): value is SessionId => text.is(value) && parseSessionId(value) !== null,
};
export const userId: Shape<UserId> = {
  label: 'user id',
  is: (value): value is UserId => text.is(value) && parseUserId(value) !== null,
};
export const memberIndex: Shape<MemberIndex> = {
  label: `integer from 0 to ${String(MAX_MEMBER_INDEX)}`,
  is: (value): value is MemberIndex => number.is(value) && parseMemberIndex(value) !== null,
};
export const token: Shape<AuthorizationToken> = {
  label: 'authorization token',
  is: (value): value is AuthorizationToken => number.is(value) && parseAuthorizationToken(value) !== null,
};
export const userSessionId: Shape<UserSessionId> = {
  label: 'user session id',
  is: (value): value is UserSessionId => text.is(value) && parseUserSessionId(value) !== null,
};
/** JSON text. A home has checked it when its member sent it. */
export const stateText: Shape<StateText> = { label: 'JSON text', is: (value): value is StateText => text.is(value) };
