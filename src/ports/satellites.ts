import type { NodeId, UserId } from '../protocol/ids.js';
import type { Admission } from './connect.js';
import type { ClientSocket, SocketHandler } from './socket.js';

/** A seat that a home keeps for a socket of another node. */
export interface FarSeat {
  /** Names the socket at its home. */
  readonly socket: number;
  readonly userId: UserId;
  readonly seatName: string | null;
}

/**
 * Sockets whose session has its home on another node. At the home, such a socket is a `ClientSocket` like any other.
 * At the satellite, the node that the client is connected to, its frames go to the home, and the home's frames come
 * back. A socket whose home is lost gets a `goaway` back to
 * this node, and is closed with `moved`.
 */
export interface Satellites {
  /**
   * At the home: keeps an admission until the satellite says whether its socket came. Returns the number of the socket.
   * Abandons the admission after ten seconds without word.
   */
  expect(satellite: NodeId, admission: Admission): number;
  /** At the satellite: the admission that `home` keeps. */
  admissionAt(home: NodeId, seat: FarSeat): Admission;
}

/** The way of one socket's frames to the home of its session. */
export interface Uplink {
  /** Both copy the bytes before they return. False: the home does not keep up, and the frame goes nowhere. */
  text(bytes: Uint8Array): boolean;
  binary(bytes: Uint8Array): boolean;
  /** A ping or a pong of the peer arrived. */
  alive(): void;
  /** Some of the socket's buffered bytes were written. */
  drained(): void;
  /** The socket is closed. Call it once, and nothing afterwards. */
  closed(): void;
}

/** Makes the handler of a socket whose frames take an uplink. */
export type Forward = (socket: ClientSocket, uplink: Uplink) => SocketHandler;
