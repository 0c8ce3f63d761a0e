/**
 * Decides about a handshake before the upgrade. The door checks what is the same for all handshakes (drain, guesses,
 * origin, carrier, sockets per user). The doorway that takes the form of the credential checks the credential.
 */
import { connectLink } from '../protocol/connect-link.js';
import { Failure } from '../protocol/failure.js';
import {
  idsOf,
  type Admission,
  type Admitted,
  type ConnectRequest,
  type Gatekeeper,
  type Refusal,
} from '../ports/connect.js';
import type { Doorway } from '../ports/doorway.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Placement } from '../ports/placement.js';
import { closedSocket, type ClientSocket, type LifeSign, type SocketHandler } from '../ports/socket.js';
import { chooseProtocol, readCredential, wrongScheme } from './carrier.js';
import type { FailedHandshakes } from './failed-handshakes.js';
import { originAllowed, type OriginRule } from './origin.js';
import type { SocketPlace, UserSockets } from './user-sockets.js';

export interface DoorDeps {
  /** The first doorway that takes the form of a credential decides about it. */
  readonly doorways: readonly Doorway[];
  readonly userSockets: UserSockets;
  readonly placement: Pick<Placement, 'draining' | 'choose'>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly origins: OriginRule;
  readonly failedHandshakes: FailedHandshakes;
}

/** Every credential of the gateway is shorter. */
const MAX_CREDENTIAL_CHARS = 4096;

/** Refusals that a client meets when it guesses credentials. */
const GUESSES: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'credential_missing',
  'credential_invalid',
  'session_not_found',
]);

export class Door implements Gatekeeper {
  constructor(private readonly deps: DoorDeps) {}

  async admit(request: ConnectRequest): Promise<Admitted | Refusal> {
    try {
      const { doorway, credential } = this.check(request);
      const admission = await doorway.admit(credential, request);
      const place = await this.placeFor(admission);
      const protocol = chooseProtocol(request);
      this.deps.log.debug('handshake_admitted', { request_id: request.requestId, ...idsOf(admission) });
      return { outcome: 'admitted', admission: settledOnce(placed(admission, place)), protocol };
    } catch (error) {
      return { outcome: 'refused', failure: this.named(error, request) };
    }
  }

  async examine(request: ConnectRequest): Promise<Failure> {
    try {
      const { doorway, credential } = this.check(request);
      await doorway.examine(credential, request);
      return new Failure('upgrade_required');
    } catch (error) {
      return this.named(error, request);
    }
  }

  /** Checks everything that comes before the credential. */
  private check(request: ConnectRequest): { readonly doorway: Doorway; readonly credential: string } {
    const { placement, origins, failedHandshakes, doorways } = this.deps;
    if (placement.draining()) throw drainingFailure(placement);
    if (failedHandshakes.isOver(request.remoteAddress)) throw new Failure('too_many_requests', { retryAfterS: 1 });
    if (!originAllowed(origins, request.origin, request.host)) throw new Failure('origin_not_allowed');
    const credential = readCredential(request);
    if (credential === null) throw new Failure('credential_missing');
    if (credential.length > MAX_CREDENTIAL_CHARS) throw new Failure('credential_invalid');
    const message = wrongScheme(request);
    if (message !== null) throw new Failure('credential_invalid', { message });
    const doorway = doorways.find((each) => each.takes(credential));
    if (doorway === undefined) throw new Failure('credential_invalid');
    return { doorway, credential };
  }

  private async placeFor(admission: Admission): Promise<SocketPlace | null> {
    try {
      return await this.deps.userSockets.take(admission.userId, admission.seatName);
    } catch (error) {
      admission.abandon();
      throw error;
    }
  }

  private named(error: unknown, request: ConnectRequest): Failure {
    const { log, metrics, failedHandshakes } = this.deps;
    const failure = error instanceof Failure ? error : new Failure('internal', { cause: error });
    if (failure.code === 'internal') log.error('admission_failed', failure.cause ?? failure);
    log.debug('handshake_refused', { request_id: request.requestId, code: failure.code });
    if (GUESSES.has(failure.code)) failedHandshakes.note(request.remoteAddress);
    metrics.tallies.upgradesRefused += 1;
    metrics.refused(failure.code);
    return failure;
  }
}

/** Names another node, which knows where the session is by now. */
function drainingFailure(placement: Pick<Placement, 'choose'>): Failure {
  const other = placement.choose([]);
  const url = other === null ? {} : { url: connectLink(other.publicUrl) };
  return new Failure('draining', { retryAfterS: 1, ...url });
}

/** The admission with a place among its user's sockets; null: this user's sockets are not counted. */
function placed(admission: Admission, place: SocketPlace | null): Admission {
  if (place === null) return admission;
  const { userId, seatName, userSessionId } = admission;
  return {
    userId,
    seatName,
    userSessionId,
    open: (socket) => openInPlace(admission, place, socket),
    abandon: () => {
      admission.abandon();
      place.release();
    },
  };
}

/** Guards against settling an admission twice, which would give its seat away twice. */
function settledOnce(admission: Admission): Admission {
  const { userId, seatName, userSessionId } = admission;
  let isSettled = false;
  const settle = (): void => {
    if (isSettled) throw new Error('an admission was settled twice');
    isSettled = true;
  };
  return {
    userId,
    seatName,
    userSessionId,
    open: (socket) => {
      settle();
      return admission.open(socket);
    },
    abandon: () => {
      settle();
      admission.abandon();
    },
  };
}

function openInPlace(admission: Admission, place: SocketPlace, socket: ClientSocket): SocketHandler {
  if (!place.occupy(socket)) {
    socket.close('replaced');
    admission.abandon();
    return closedSocket;
  }
  try {
    return new PlacedHandler(admission.open(socket), place, socket);
  } catch (error) {
    place.leave(socket);
    throw error;
  }
}

/**
 * Gives the place back when the socket is gone. Used only where sockets are counted, so that other sockets have no
 * extra layer.
 */
class PlacedHandler implements SocketHandler {
  constructor(
    private readonly handler: SocketHandler,
    private readonly place: SocketPlace,
    private readonly socket: ClientSocket,
  ) {}

  onText(bytes: Uint8Array): void {
    this.handler.onText(bytes);
  }

  onBinary(bytes: Uint8Array): void {
    this.handler.onBinary(bytes);
  }

  onAlive(sign: LifeSign): void {
    this.handler.onAlive(sign);
  }

  onDrain(): void {
    this.handler.onDrain();
  }

  onClose(code: number): void {
    this.place.leave(this.socket);
    this.handler.onClose(code);
  }
}
