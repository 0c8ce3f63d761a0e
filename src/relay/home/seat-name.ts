import type { MemberIndex, SessionId } from '../../protocol/ids.js';

/** Names a seat among all seats: at most one socket of all nodes uses it. */
export function seatNameOf(sessionId: SessionId, index: MemberIndex): string {
  return `${sessionId} ${String(index)}`;
}
