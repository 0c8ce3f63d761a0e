import type { Failure } from '../protocol/failure.js';
import type { UserId } from '../protocol/ids.js';
import type { HttpRequest } from './http.js';
import type { ClientSocket, SocketHandler } from './socket.js';

/** A handshake request, copied out of the engine before anything is awaited. */
export interface ConnectRequest {
  readonly requestId: string;
  readonly query: URLSearchParams;
  readonly authorization: string | null;
  /** The offered subprotocols, in order. */
  readonly protocols: readonly string[];
  readonly origin: string | null;
  readonly host: string | null;
  readonly remoteAddress: string;
}

/**
 * A place that was taken for a socket which does not exist yet. Exactly one of `open` and `abandon` is called, once:
 * `open` when the upgrade is done, `abandon` when the client went away before.
 */
export interface Admission {
  readonly userId: UserId;
  /** Names the seat that the socket uses. Of the sockets with one name at most one is open. null: the socket uses no seat. */
  readonly seatName: string | null;
  open(socket: ClientSocket): SocketHandler;
  abandon(): void;
}

export interface Admitted {
  readonly outcome: 'admitted';
  readonly admission: Admission;
  /** The subprotocol to answer with; null when the client offered none that we speak. */
  readonly protocol: string | null;
}

export interface Refusal {
  readonly outcome: 'refused';
  readonly failure: Failure;
}

/** Decides about a handshake before the upgrade. Never rejects. */
export interface Gatekeeper {
  admit(request: ConnectRequest): Promise<Admitted | Refusal>;
  /** What `admit` would say, without taking a place: `upgrade_required` when it would admit. */
  examine(request: ConnectRequest): Promise<Failure>;
}

/** Reads the handshake from a request, whether or not the request asks for an upgrade. */
export function connectRequestOf(request: Omit<HttpRequest, 'method' | 'body'>): ConnectRequest {
  const { id, query, headers, remoteAddress } = request;
  return {
    requestId: id,
    query: new URLSearchParams(query),
    authorization: headers.get('authorization') ?? null,
    protocols: (headers.get('sec-websocket-protocol') ?? '')
      .split(',')
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== ''),
    origin: headers.get('origin') ?? null,
    host: headers.get('host') ?? null,
    remoteAddress,
  };
}
