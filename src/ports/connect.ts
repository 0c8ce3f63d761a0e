import type { Failure } from '../protocol/failure.js';
import type { UserId, UserSessionId } from '../protocol/ids.js';
import type { HttpRequest } from './http.js';
import type { WaitingClient } from './join-question.js';
import type { LogFields } from './log.js';
import type { ClientSocket, SocketHandler } from './socket.js';

/** A handshake request, copied from the engine before the first await. */
export interface ConnectRequest {
  readonly requestId: string;
  readonly query: URLSearchParams;
  readonly authorization: string | null;
  /** The offered subprotocols, in order. */
  readonly protocols: readonly string[];
  readonly origin: string | null;
  readonly host: string | null;
  readonly remoteAddress: string;
  /** null: nobody waits for a socket. */
  readonly client: WaitingClient | null;
}

/**
 * A seat or place taken for a socket that does not exist yet. Exactly one of `open` and `abandon` is called, once:
 * `open` when the upgrade is done, `abandon` when the client disconnected before it.
 */
export interface Admission {
  readonly userId: UserId;
  /** Names the socket's seat. At most one socket with the same name is open. null: the socket uses no seat. */
  readonly seatName: string | null;
  /** The user session whose socket it is; absent for a socket of a seat. */
  readonly userSessionId?: UserSessionId | undefined;
  open(socket: ClientSocket): SocketHandler;
  abandon(): void;
}

/** Names the socket of an admission in the log. A seat is the id of its session and the member's index. */
export function idsOf({ userId, seatName, userSessionId }: Admission): LogFields {
  return { user_id: userId, seat: seatName, user_session_id: userSessionId ?? null };
}

/** Hears which sockets of this node are open. */
export interface SocketListener {
  /** The admission has become a socket. */
  onOpened(admission: Admission): void;
  /** The socket of the same admission is gone. */
  onClosed(admission: Admission): void;
}

export interface Admitted {
  readonly outcome: 'admitted';
  readonly admission: Admission;
  /** The subprotocol of the answer; null when the client offered none that the gateway speaks. */
  readonly protocol: string | null;
}

export interface Refusal {
  readonly outcome: 'refused';
  readonly failure: Failure;
}

/** Decides about a handshake before the upgrade. Never rejects. */
export interface Gatekeeper {
  admit(request: ConnectRequest): Promise<Admitted | Refusal>;
  /** The answer of `admit`, but takes no place: `upgrade_required` when it would admit. */
  examine(request: ConnectRequest): Promise<Failure>;
}

/** Reads the handshake from a request, whether or not the request asks for an upgrade. */
export function connectRequestOf(
  request: Omit<HttpRequest, 'method' | 'body'>,
  client: WaitingClient | null,
): ConnectRequest {
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
    client,
  };
}
