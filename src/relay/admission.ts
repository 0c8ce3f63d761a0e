/**
 * The door: decides about a handshake before the upgrade. Origin, credential, seat, in this order; what it returns
 * holds the seat until the socket is there or is known never to come.
 */
import { Failure } from '../protocol/failure.js';
import type { SessionId } from '../protocol/ids.js';
import type { Admission, ConnectRequest, Gatekeeper, Refusal } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Placement } from '../ports/placement.js';
import type { RelayCredentials } from '../ports/relay-credentials.js';
import type { JoinCredential, Joined, RelayStore } from '../ports/relay-store.js';
import type { Attachment, Attacher } from './attach.js';
import { chooseProtocol, parseCredential, readCredential } from './credential.js';
import type { FailedHandshakes } from './failed-handshakes.js';
import { originAllowed, type OriginRule } from './origin.js';
import type { Rooms } from './rooms.js';

export interface DoorDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly placement: Placement;
  readonly credentials: RelayCredentials;
  readonly attacher: Attacher;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly origins: OriginRule;
  readonly failedHandshakes: FailedHandshakes;
}

/** A credential that was understood, and what the client says it has seen. */
interface Claim {
  readonly sessionId: SessionId;
  readonly credential: JoinCredential;
  readonly resume: Attachment['resume'];
}

const RESUME_SECRET_BYTES = 24;

/** What a handshake of somebody who guesses meets. */
const GUESSES: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'credential_missing',
  'credential_invalid',
  'session_not_found',
]);

export class Door implements Gatekeeper {
  constructor(private readonly deps: DoorDeps) {}

  async admit(request: ConnectRequest): Promise<Admission | Refusal> {
    try {
      return await this.takeSeat(request);
    } catch (error) {
      return { outcome: 'refused', failure: this.named(error, request) };
    }
  }

  async examine(request: ConnectRequest): Promise<Failure> {
    try {
      await this.wouldJoin(await this.check(request), request);
      return new Failure('upgrade_required');
    } catch (error) {
      return this.named(error, request);
    }
  }

  private async takeSeat(request: ConnectRequest): Promise<Admission> {
    const claim = await this.check(request);
    const { rooms, crypto, attacher } = this.deps;
    // Loading a room, and perhaps claiming it from a dead home, is only done for a credential that opens a seat.
    if (rooms.find(claim.sessionId) === null) await this.wouldJoin(claim, request);
    const room = await rooms.open(claim.sessionId);
    try {
      const secret = Buffer.from(crypto.randomBytes(RESUME_SECRET_BYTES)).toString('base64url');
      const joined = await this.join(claim, request, crypto.sha256(secret));
      const token = claim.credential.kind === 'pair' ? claim.credential.userToken : null;
      const attachment = { joined, token, secret, resume: claim.resume };
      let isSettled = false;
      const settle = (): void => {
        if (isSettled) throw new Error('an admission was settled twice');
        isSettled = true;
      };
      return {
        outcome: 'admitted',
        protocol: chooseProtocol(request),
        open: (socket) => {
          settle();
          try {
            return attacher.attach(room, attachment, socket);
          } finally {
            rooms.release(room);
          }
        },
        abandon: () => {
          settle();
          attacher.abandon(room, attachment);
          rooms.release(room);
        },
      };
    } catch (error) {
      rooms.release(room);
      throw error;
    }
  }

  /** Everything that can be decided without the session. */
  private async check(request: ConnectRequest): Promise<Claim> {
    const { placement, origins, credentials, failedHandshakes } = this.deps;
    if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
    if (failedHandshakes.isOver(request.remoteAddress)) throw new Failure('too_many_requests', { retryAfterS: 1 });
    if (!originAllowed(origins, request.origin, request.host)) throw new Failure('origin_not_allowed');
    const seq = parseSeq(request.query.get('seq'));
    const text = readCredential(request);
    if (text === null) throw new Failure('credential_missing');
    const parsed = parseCredential(text);
    if (parsed === null) throw new Failure('credential_invalid');
    switch (parsed.kind) {
      case 'pair': {
        const { sessionId, sessionToken, userToken } = parsed;
        return { sessionId, credential: { kind: 'pair', sessionToken, userToken }, resume: null };
      }
      case 'resume': {
        const { sessionId, index, epoch, secret } = parsed;
        const secretHash = this.deps.crypto.sha256(secret);
        return { sessionId, credential: { kind: 'resume', index, secretHash }, resume: { epoch, seq } };
      }
      case 'jwt': {
        const claims = await credentials.verify(parsed.token);
        if (claims === null) throw new Failure('credential_invalid');
        const { sessionId, userId, generation, asHost } = claims;
        return { sessionId, credential: { kind: 'minted', userId, generation, asHost }, resume: null };
      }
    }
  }

  private async join(claim: Claim, request: ConnectRequest, resumeHash: string): Promise<Joined> {
    const result = await this.deps.store.join({ ...this.joinOf(claim, request, resumeHash), dryRun: false });
    switch (result.outcome) {
      case 'joined':
        return result;
      case 'refused':
        throw new Failure(result.code, retry(result.code));
      case 'home_elsewhere':
        // The room is live here, so this node was home and has lost the session without noticing.
        this.deps.rooms.end(claim.sessionId, 'moved');
        throw new Failure('home_elsewhere', { retryAfterS: 1 });
    }
  }

  /** Rejects as the join would; what a dead home refuses will be decided when the session has been claimed. */
  private async wouldJoin(claim: Claim, request: ConnectRequest): Promise<void> {
    const { store, placement } = this.deps;
    const result = await store.join({ ...this.joinOf(claim, request, ''), dryRun: true });
    if (result.outcome === 'refused') throw new Failure(result.code, retry(result.code));
    if (result.outcome === 'home_elsewhere' && placement.find(result.homeNodeId) !== null) {
      throw new Failure('home_elsewhere', { retryAfterS: 1 });
    }
  }

  private joinOf(
    claim: Claim,
    request: ConnectRequest,
    resumeHash: string,
  ): Omit<Parameters<RelayStore['join']>[0], 'dryRun'> {
    return {
      sessionId: claim.sessionId,
      nodeId: this.deps.placement.self,
      credential: claim.credential,
      address: request.remoteAddress,
      resumeHash,
    };
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

/** `?seq=`: the last reliable sequence seen, 0 when absent. Anything but a whole number under 2^53 is refused. */
function parseSeq(text: string | null): number {
  if (text === null) return 0;
  const seq = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(seq)) throw new Failure('invalid_request', { message: 'seq: not a sequence number' });
  return seq;
}

function retry(code: Failure['code']): { readonly retryAfterS?: number } {
  return code === 'session_not_linked' ? { retryAfterS: 1 } : {};
}
