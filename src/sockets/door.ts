/**
 * The door: decides about a handshake before the upgrade. What concerns every handshake is decided here (drain, guesses,
 * origin, carrier, sockets per user), the credential by the doorway that takes its form.
 */
import { Failure } from '../protocol/failure.js';
import type { Admission, Admitted, ConnectRequest, Gatekeeper, Refusal } from '../ports/connect.js';
import type { Doorway } from '../ports/doorway.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Placement } from '../ports/placement.js';
import { closedSocket, type ClientSocket, type SocketHandler } from '../ports/socket.js';
import { chooseProtocol, readCredential } from './carrier.js';
import type { FailedHandshakes } from './failed-handshakes.js';
import { originAllowed, type OriginRule } from './origin.js';
import type { SocketPlace, UserSockets } from './user-sockets.js';

export interface DoorDeps {
  /** The first that takes a credential's form decides about it. */
  readonly doorways: readonly Doorway[];
  readonly userSockets: UserSockets;
  readonly placement: Pick<Placement, 'draining'>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly origins: OriginRule;
  readonly failedHandshakes: FailedHandshakes;
}

/** Longer than any credential of ours. */
const MAX_CREDENTIAL_CHARS = 4096;

/** What a handshake of somebody who guesses meets. */
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

  /** Everything that can be decided before the credential is looked at. */
  private check(request: ConnectRequest): { readonly doorway: Doorway; readonly credential: string } {
    const { placement, origins, failedHandshakes, doorways } = this.deps;
    if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
    if (failedHandshakes.isOver(request.remoteAddress)) throw new Failure('too_many_requests', { retryAfterS: 1 });
    if (!originAllowed(origins, request.origin, request.host)) throw new Failure('origin_not_allowed');
    const credential = readCredential(request);
    if (credential === null) throw new Failure('credential_missing');
    if (credential.length > MAX_CREDENTIAL_CHARS) throw new Failure('credential_invalid');
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
    if (GUESSES.has(failure.code)) failedHandshakes.note(request.remoteAddress);
    metrics.tallies.upgradesRefused += 1;
    metrics.refused(failure.code);
    return failure;
  }
}

/** The admission, with the place that its socket takes among its user's sockets; null: nobody counts them. */
function placed(admission: Admission, place: SocketPlace | null): Admission {
  if (place === null) return admission;
  const { userId, seatName } = admission;
  return {
    userId,
    seatName,
    open: (socket) => openInPlace(admission, place, socket),
    abandon: () => {
      admission.abandon();
      place.release();
    },
  };
}

/** Settling an admission twice would give its seat away twice. */
function settledOnce(admission: Admission): Admission {
  const { userId, seatName } = admission;
  let isSettled = false;
  const settle = (): void => {
    if (isSettled) throw new Error('an admission was settled twice');
    isSettled = true;
  };
  return {
    userId,
    seatName,
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

/** Gives the place back when the socket is gone. Only where sockets are counted: elsewhere nothing stands between. */
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

  onAlive(): void {
    this.handler.onAlive();
  }

  onDrain(): void {
    this.handler.onDrain();
  }

  onClose(code: number): void {
    this.place.leave(this.socket);
    this.handler.onClose(code);
  }
}
