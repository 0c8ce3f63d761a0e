import type { UserId } from '../protocol/ids.js';
import type { ConnectRequest } from './connect.js';
import type { ClientSocket, SocketHandler } from './socket.js';

/** Who may come in. Exactly one of the two calls is made, once. */
export interface Entrant {
  readonly userId: UserId;
  /** Sockets with the same seat replace each other: of them one lives at a time. null: each socket is its own. */
  readonly seat: string | null;
  open(socket: ClientSocket): SocketHandler;
  /** The socket will never come. */
  abandon(): void;
}

/** One way in, for one family of credentials. */
export interface Doorway {
  /** Whether a credential of this form is for this doorway. It says nothing about whether it is good. */
  takes(credential: string): boolean;
  /** Rejects with the failure that refuses the handshake. */
  admit(credential: string, request: ConnectRequest): Promise<Entrant>;
  /** Rejects as `admit` would, and takes nothing. */
  examine(credential: string, request: ConnectRequest): Promise<void>;
}
