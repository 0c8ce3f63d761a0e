/** The seats of a load: relay sessions of equal size, and how a client takes each of their seats. */
import { SUBPROTOCOL } from '../../src/protocol/wire.js';
import { handshakeOf } from '../client/client-frame.js';
import { endpointOf, type Endpoint } from '../client/dial.js';
import { demand } from '../processes/changes.js';
import type { Backend, CreatedSession, SessionAccess, SessionOptions, SessionUser } from './backend.js';

/** The number of clients, and of the members of each room. */
export interface Crowd {
  readonly clients: number;
  readonly roomsOf: number;
}

export interface Seats {
  /** Where each room's home is. */
  readonly endpoints: Endpoint[];
  /** One for each client, room by room. */
  readonly handshakes: string[];
  /** Ends the sessions. */
  end(): Promise<void>;
}

/** The most users that the body of one create holds. */
const LISTED_AT_MOST = 2_000;
const AT_ONCE = 8;
/** Longer than any run: the sessions of a bench that was killed expire. */
const EXPIRES_IN_S = 6 * 3600;
const ADDRESS = '127.0.0.1';

export async function openSessions(
  backend: Backend,
  { clients, roomsOf }: Crowd,
  options: SessionOptions | ((room: number) => SessionOptions) = {},
): Promise<Seats> {
  const optionsOf = typeof options === 'function' ? options : () => options;
  const rooms = await inTurns(clients / roomsOf, async (room) => {
    const settings = { expires_in_s: EXPIRES_IN_S, max_users: roomsOf, ...optionsOf(room) };
    const listed = Array.from({ length: Math.min(roomsOf, LISTED_AT_MOST) }, () => ADDRESS);
    const session = await backend.createSession(listed, settings);
    const more = await inTurns(roomsOf - listed.length, (i) => backend.authorizeUser(session.session_id, addressOf(i)));
    return { session, users: [...session.session_users, ...more] };
  });
  const sessions = rooms.map(({ session }) => session);
  return seatsOf(
    backend,
    sessions,
    rooms.flatMap(({ session, users }) => users.map((user) => seatHandshake(session, user))),
  );
}

export function seatsOf(backend: Backend, sessions: readonly CreatedSession[], handshakes: string[]): Seats {
  return {
    endpoints: sessions.map((session) => endpointOf(linkOf(session))),
    handshakes,
    async end() {
      await inTurns(sessions.length, (i) => backend.endSession(sessions[i]?.session_id ?? ''));
    },
  };
}

/** How a client takes that seat: at the home that the session names, with Edgegap's two numbers after the session's id. */
export function seatHandshake(session: SessionAccess, { authorization_token }: SessionUser): string {
  const { host, pathname } = new URL(linkOf(session));
  const pair = `${session.session_id}.${session.authorization_token}.${authorization_token}`;
  return handshakeOf(host, pathname, { 'Sec-WebSocket-Protocol': SUBPROTOCOL, Authorization: `Bearer ${pair}` });
}

/** The URL that the session's clients connect to. Throws when no node has the session. */
function linkOf({ session_id, relay }: SessionAccess): string {
  demand(relay !== null, `no node has the session ${session_id}`);
  return relay.ports.client.link;
}

/** Acts so many times, a few at once. The answers are in order. */
export async function inTurns<T>(times: number, act: (i: number) => Promise<T>): Promise<T[]> {
  const answers = new Map<number, T>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) {
      const i = next;
      next += 1;
      answers.set(i, await act(i));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, times) }, lane));
  return [...answers].toSorted(([a], [b]) => a - b).map(([, answer]) => answer);
}

/** Each user of a session needs an address of their own. Any address does: the gateway does not compare it. */
export function addressOf(n: number): string {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}
