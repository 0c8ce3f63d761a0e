/**
 * Close codes: the range tells a client what to do.
 * 1000: done. 4000-4099: terminal, never reconnect. 4100-4199: reconnect with back-off and jitter.
 * 4200-4299: reconnect at once, or when `goaway` said. The reason on the wire is the name.
 */

// A name of its own, so that the client SDK does not carry the whole table.
const LEFT = 1000;

export const CLOSE_CODES = {
  left: LEFT,
  session_ended: 4000,
  kicked: 4001,
  revoked: 4002,
  replaced: 4003,
  protocol_error: 4004,
  message_too_big: 4005,
  session_expired: 4006,
  user_session_ended: 4007,
  rate_limited: 4100,
  slow_consumer: 4101,
  internal_error: 4102,
  store_unavailable: 4103,
  going_away: 4200,
  moved: 4201,
  heartbeat_timeout: 4202,
} as const;

export type CloseName = keyof typeof CLOSE_CODES;
export type CloseCode = (typeof CLOSE_CODES)[CloseName];

export function isCloseName(name: string): name is CloseName {
  return Object.hasOwn(CLOSE_CODES, name);
}

export type CloseAdvice = 'done' | 'never' | 'back_off' | 'at_once';

/** Tells a client what to do after a close with this code. Codes outside the table, such as 1006, mean a lost link. */
export function adviceFor(code: number): CloseAdvice {
  if (code === LEFT) return 'done';
  if (code >= 4000 && code < 4100) return 'never';
  if (code >= 4200 && code < 4300) return 'at_once';
  return 'back_off';
}
