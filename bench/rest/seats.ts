/** The seats of a load: relay sessions of equal size, and how a client takes each of their seats. */
import { SUBPROTOCOL } from '../../src/protocol/wire.js';
import {
  pairOf,
  type Backend,
  type CreatedSession,
  type SessionAccess,
  type SessionOptions,
  type SessionUser,
} from './backend.js';
import { demand } from '../processes/changes.js';
import { handshakeOf } from '../client/client-frame.js';
import { endpointOf, type Endpoint } from '../client/dial.js';

/** How many, and in rooms of how many. */
export interface Crowd {
  readonly clients: number;
  readonly roomsOf: number;
}

export interface Seats {
  /** Of each room: where its home is. */
  readonly endpoints: Endpoint[];
  /** Of each client, room by room. */
  readonly handshakes: string[];
  /** Ends the sessions. */
  end(): Promise<void>;
}

/** Users of one create: more would not fit into its body. */
const LISTED_AT_MOST = 2_000;
const AT_ONCE = 8;
/** Longer than any run: what a bench that was killed leaves behind goes away by itself. */
export const EXPIRES_IN_S = 6 * 3600;
const ADDRESS = '127.0.0.1';

export async function openSessions(
  backend: Backend,
  { clients, roomsOf }: Crowd,
  options: SessionOptions = {},
): Promise<Seats> {
  const sessions = await inTurns(clients / roomsOf, () => openSession(backend, roomsOf, options));
  return {
    endpoints: sessions.map(({ session }) => endpointOf(linkOf(session))),
    handshakes: sessions.flatMap(({ session, users }) => users.map((user) => seatHandshake(session, user))),
    async end() {
      await inTurns(sessions.length, (i) => backend.endSession(sessions[i]?.session.session_id ?? ''));
    },
  };
}

/** How a client takes that seat: at the home that the session names. */
export function seatHandshake(session: SessionAccess, user: SessionUser): string {
  const { host, pathname } = new URL(linkOf(session));
  const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL, Authorization: `Bearer ${pairOf(session, user)}` };
  return handshakeOf(host, pathname, headers);
}

/** The URL that the session's clients connect to. Throws when it was placed nowhere. */
export function linkOf({ session_id, relay }: SessionAccess): string {
  demand(relay !== null, `the session ${session_id} was placed on no node`);
  return relay.ports.client.link;
}

/** Does it so many times, a few at once; the answers in order. */
export async function inTurns<T>(times: number, act: (i: number) => Promise<T>, atOnce = AT_ONCE): Promise<T[]> {
  const answers = new Map<number, T>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) {
      const i = next;
      next += 1;
      answers.set(i, await act(i));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, lane));
  return [...answers].toSorted(([a], [b]) => a - b).map(([, answer]) => answer);
}

async function openSession(
  backend: Backend,
  roomsOf: number,
  options: SessionOptions,
): Promise<{ readonly session: CreatedSession; readonly users: readonly SessionUser[] }> {
  const listed = Array.from({ length: Math.min(roomsOf, LISTED_AT_MOST) }, () => ADDRESS);
  const session = await backend.createSession(listed, { expires_in_s: EXPIRES_IN_S, max_users: roomsOf, ...options });
  const more = await inTurns(roomsOf - listed.length, (i) => backend.authorizeUser(session.session_id, addressOf(i)));
  return { session, users: [...session.session_users, ...more] };
}

/** A user is authorized by address once; any address will do, since none is enforced. */
export function addressOf(n: number): string {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}
