/**
 * The doorway to relay sessions: a pair, a relay credential or a resume token opens a seat. An admission holds the
 * seat until its socket arrives, or until it is certain that none will. When another node is home, that node admits,
 * and this one becomes its satellite.
 */
import { claimedAlgorithm } from '../lib/jwt.js';
import { Failure } from '../protocol/failure.js';
import type { NodeId, SessionId, UserSessionId } from '../protocol/ids.js';
import type { Admission, ConnectRequest } from '../ports/connect.js';
import type { Crypto } from '../ports/crypto.js';
import type { Doorway } from '../ports/doorway.js';
import type { JoinAsked, JoinQuestion, WaitingClient } from '../ports/join-question.js';
import type { Tallies } from '../ports/metrics.js';
import type { CallKind, NodeCalls, TakeTime } from '../ports/node-calls.js';
import type { Placement } from '../ports/placement.js';
import { RELAY_CREDENTIAL_ALGORITHM, type RelayCredentials } from '../ports/relay-credentials.js';
import type { Joined, JoinRequest, JoinResult } from '../ports/relay-join.js';
import type { Satellites } from '../ports/satellites.js';
import type { RelayStore } from '../ports/relay-store.js';
import type { UserSessionStore } from '../ports/user-session-store.js';
import type { UserSessionWatches, Watch } from '../ports/user-session-watches.js';
import { ADMIT, EXAMINE, type Claim } from './home/admit-call.js';
import { homeElsewhere, HomeElsewhere } from './home/home-elsewhere.js';
import { RelayAdmission, type Join, type RelayAdmissionDeps } from './home/admission.js';
import { parseCredential, resumeProof, resumeToken } from './credential.js';
import type { Room } from './room/room.js';
import type { Rooms } from './home/rooms.js';

export interface RelayDoorwayDeps {
  readonly store: RelayStore;
  readonly rooms: Rooms;
  readonly placement: Placement;
  readonly credentials: RelayCredentials;
  readonly userSessions: Pick<UserSessionStore, 'get'>;
  readonly watches: UserSessionWatches;
  /** For sockets of this node. */
  readonly admissions: RelayAdmissionDeps;
  /** For sockets of satellites, which keep the rate of their clients and watch their silence. */
  readonly farAdmissions: RelayAdmissionDeps;
  readonly satellites: Satellites;
  readonly calls: NodeCalls;
  readonly crypto: Crypto;
  readonly question: JoinQuestion;
  readonly tallies: Pick<Tallies, 'resumesRefused'>;
}

/** The client that waits at this node, or the satellite that waits for this home. */
interface Waiter {
  readonly client: WaitingClient | null;
  readonly takeTime: TakeTime | null;
}

const RESUME_SECRET_BYTES = 24;
/** From the answer of a backend to the answer to a satellite: two calls of the store. */
const SEAT_WITHIN_MS = 2_000;

export class RelayDoorway implements Doorway {
  /** The first handshake for each session whose room is being opened: true when its credential opens a seat. */
  private readonly knocks = new Map<SessionId, Promise<boolean>>();

  constructor(private readonly deps: RelayDoorwayDeps) {}

  /** Takes every credential but a JWT whose header names another algorithm. */
  takes(text: string): boolean {
    const algorithm = claimedAlgorithm(text);
    return algorithm === null || algorithm === RELAY_CREDENTIAL_ALGORITHM;
  }

  /** Admits for the satellites of this node's sessions from now on. */
  serve(): void {
    const { calls, satellites, farAdmissions, placement } = this.deps;
    calls.serve(ADMIT, async (claim, satellite, takeTime) => {
      if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
      const admission = await this.admitHere(claim, farAdmissions, { client: null, takeTime });
      const { userId, seatName } = admission;
      return { userId, seatName, socket: satellites.expect(satellite, admission) };
    });
    calls.serve(EXAMINE, async (claim) => {
      if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
      await this.examineHere(claim);
      return true;
    });
  }

  async admit(text: string, request: ConnectRequest): Promise<Admission> {
    const claim = await this.check(text, request);
    try {
      return await this.admitAnywhere(claim, request.client);
    } catch (error) {
      if (claim.resume !== null) this.deps.tallies.resumesRefused += 1;
      throw error;
    }
  }

  private async admitAnywhere(claim: Claim, client: WaitingClient | null): Promise<Admission> {
    try {
      return await this.admitHere(claim, this.deps.admissions, { client, takeTime: null });
    } catch (error) {
      if (!(error instanceof HomeElsewhere) || error.home === null) throw error;
      const { id } = error.home;
      return this.deps.satellites.admissionAt(id, await this.askHome(ADMIT, claim, id, error));
    }
  }

  async examine(text: string, request: ConnectRequest): Promise<void> {
    const claim = await this.check(text, request);
    try {
      await this.examineHere(claim);
    } catch (error) {
      if (!(error instanceof HomeElsewhere) || error.home === null) throw error;
      await this.askHome(EXAMINE, claim, error.home.id, error);
    }
  }

  private async examineHere(claim: Claim): Promise<void> {
    const bound = boundTo(claim);
    if (bound !== null) await this.requireActive(bound);
    const result = await this.wouldJoin(claim);
    if (result.outcome === 'joined') {
      const asked = askedOf(claim, result);
      if (asked !== null) this.deps.question.recall(asked);
      return;
    }
    // A join would claim the session from a silent home only if that home is gone.
    const { placement } = this.deps;
    const isSilent = placement.reach(result.homeNodeId) === null;
    if (isSilent && !(await placement.isGone(result.homeNodeId))) {
      throw homeElsewhere(placement.find(result.homeNodeId));
    }
  }

  private async askHome<A>(kind: CallKind<Claim, A>, claim: Claim, home: NodeId, elsewhere: HomeElsewhere): Promise<A> {
    try {
      return await this.deps.calls.ask(kind, home, claim);
    } catch (error) {
      // The client may reach the home although this node does not.
      if (Failure.is(error, 'home_unreachable')) throw elsewhere;
      // The session has moved on, to a home that the next try finds.
      if (Failure.is(error, 'home_elsewhere')) throw homeElsewhere(null);
      throw error;
    }
  }

  private async admitHere(claim: Claim, admissions: RelayAdmissionDeps, waiter: Waiter): Promise<Admission> {
    const { rooms } = this.deps;
    const bound = boundTo(claim);
    const watch = bound === null ? null : await this.watchActive(bound);
    try {
      let room = await this.openFor(claim);
      try {
        const target = claim.credential.kind === 'resume' ? null : this.deps.question.targetOf(room.session);
        let metadata: string | null = null;
        if (target !== null) {
          metadata = await this.askFirst(target, room, claim, waiter);
          // Meanwhile the session may have moved away and come back, into another room.
          const opened = await rooms.open(claim.sessionId);
          rooms.release(room);
          room = opened;
        }
        return await this.takeSeat(room, claim, { watch, metadata }, admissions);
      } catch (error) {
        rooms.release(room);
        throw error;
      }
    } catch (error) {
      watch?.stop();
      throw error;
    }
  }

  /**
   * Opens a room, and perhaps claims the session from a dead home, only for a credential that opens a seat. Of
   * several handshakes at once one is checked before the room opens; the join then checks each of them.
   */
  private async openFor(claim: Claim): Promise<Room> {
    const { rooms } = this.deps;
    const { sessionId } = claim;
    if (rooms.find(sessionId) !== null) return rooms.open(sessionId);
    if (await this.knocks.get(sessionId)) return this.openWithOthers(claim);
    const wouldJoin = this.wouldJoin(claim);
    const knock = wouldJoin.then(
      () => true,
      () => false,
    );
    this.knocks.set(sessionId, knock);
    try {
      await wouldJoin;
      return await rooms.open(sessionId);
    } finally {
      if (this.knocks.get(sessionId) === knock) this.knocks.delete(sessionId);
    }
  }

  private async openWithOthers(claim: Claim): Promise<Room> {
    try {
      return await this.deps.rooms.open(claim.sessionId);
    } catch (error) {
      // Only a client that could join learns why the room does not open.
      await this.wouldJoin(claim);
      throw error;
    }
  }

  /** Asks a backend whether the user may join, when the store would let the user in. Returns metadata for the member. */
  private async askFirst(target: string, room: Room, claim: Claim, waiter: Waiter): Promise<string | null> {
    const { question, placement } = this.deps;
    const would = await this.wouldJoin(claim);
    // The session may come back before the seat is taken, and nobody would have been asked.
    if (would.outcome === 'home_elsewhere') throw homeElsewhere(placement.find(would.homeNodeId));
    const asked = askedOf(claim, would);
    if (asked === null) return null;
    waiter.takeTime?.(question.deadlineMs + SEAT_WITHIN_MS);
    return question.ask(target, asked, room.session, waiter.client);
  }

  private async takeSeat(
    room: Room,
    claim: Claim,
    { watch, metadata }: Pick<Join, 'watch' | 'metadata'>,
    admissions: RelayAdmissionDeps,
  ): Promise<Admission> {
    const { crypto } = this.deps;
    const secret = Buffer.from(crypto.randomBytes(RESUME_SECRET_BYTES)).toString('base64url');
    const { credential, resume } = claim;
    const { epoch } = room;
    const resumeHash = crypto.sha256(resumeProof(epoch, secret));
    const joined = await this.join(claim, resumeHash);
    const token = credential.kind === 'pair' ? credential.userToken : null;
    const mintedFrom = credential.kind === 'minted' ? credential.generation : null;
    const resumeHashes = credential.kind === 'resume' ? [resumeHash, credential.secretHash] : [resumeHash];
    const nextToken = resumeToken(room.id, joined.index, epoch, secret);
    const join: Join = { joined, token, mintedFrom, resumeHashes, resumeToken: nextToken, resume, watch, metadata };
    if (watch !== null || joined.userSessionId === null) return new RelayAdmission(admissions, room, join);
    try {
      // A resume: the seat knows its user session.
      const seatWatch = await this.watchActive(joined.userSessionId);
      return new RelayAdmission(admissions, room, { ...join, watch: seatWatch });
    } catch (error) {
      new RelayAdmission(admissions, room, join).giveBack();
      throw error;
    }
  }

  /** Checks everything that needs no session. */
  private async check(text: string, request: ConnectRequest): Promise<Claim> {
    const seq = parseSeq(request.query.getAll('seq'));
    const { remoteAddress: address } = request;
    const parsed = parseCredential(text);
    if (parsed === null) throw new Failure('credential_invalid');
    switch (parsed.kind) {
      case 'pair': {
        const { sessionId, sessionToken, userToken } = parsed;
        return { sessionId, credential: { kind: 'pair', sessionToken, userToken }, resume: null, address };
      }
      case 'resume': {
        const { sessionId, index, epoch, secret } = parsed;
        const secretHash = this.deps.crypto.sha256(resumeProof(epoch, secret));
        return { sessionId, credential: { kind: 'resume', index, secretHash }, resume: { epoch, seq }, address };
      }
      case 'jwt': {
        const claims = await this.deps.credentials.verify(parsed.token);
        if (claims === null) throw new Failure('credential_invalid');
        const { sessionId, ...minted } = claims;
        return { sessionId, credential: { kind: 'minted', ...minted }, resume: null, address };
      }
    }
  }

  /** The watch begins before the check, so that no end of the user session is missed. */
  private async watchActive(id: UserSessionId): Promise<Watch> {
    const watch = this.deps.watches.watch(id);
    try {
      await this.requireActive(id);
      return watch;
    } catch (error) {
      watch.stop();
      throw error;
    }
  }

  private async requireActive(id: UserSessionId): Promise<void> {
    const session = await this.deps.userSessions.get(id);
    if (session?.status !== 'active') throw new Failure('credential_revoked');
  }

  private async join(claim: Claim, resumeHash: string): Promise<Joined> {
    const result = await this.deps.store.join(this.joinOf(claim, resumeHash, false));
    switch (result.outcome) {
      case 'joined':
        return result;
      case 'refused':
        throw new Failure(result.code, retry(result.code));
      case 'home_elsewhere':
        // The room was live here: this node has lost the session without noticing, or is handing it over.
        if (this.deps.rooms.find(claim.sessionId)?.hold === null) this.deps.rooms.end(claim.sessionId, 'moved');
        throw homeElsewhere(this.deps.placement.reach(result.homeNodeId));
    }
  }

  /** Rejects as the join would. What a silent or draining home refuses is decided after the session has moved here. */
  private async wouldJoin(claim: Claim): Promise<Exclude<JoinResult, { outcome: 'refused' }>> {
    const { store, placement } = this.deps;
    const result = await store.join(this.joinOf(claim, '', true));
    if (result.outcome === 'refused') throw new Failure(result.code, retry(result.code));
    if (result.outcome === 'home_elsewhere') {
      const home = placement.reach(result.homeNodeId);
      if (home?.state === 'ready') throw homeElsewhere(home);
    }
    const isResume = claim.credential.kind === 'resume';
    if (isResume && result.outcome === 'joined' && result.userSessionId !== null) {
      await this.requireActive(result.userSessionId);
    }
    return result;
  }

  private joinOf({ sessionId, credential, address }: Claim, resumeHash: string, dryRun: boolean): JoinRequest {
    return { sessionId, nodeId: this.deps.placement.self, credential, address, resumeHash, dryRun };
  }
}

/** null: a resume, which nobody is asked about. */
function askedOf({ sessionId, credential, address }: Claim, { userId }: Joined): JoinAsked | null {
  if (credential.kind === 'resume') return null;
  return { sessionId, userId, credentialKind: credential.kind === 'pair' ? 'relay_pair' : 'relay_credential', address };
}

/** The user session that a relay credential is bound to. The seat knows what a resume is bound to. */
function boundTo({ credential }: Claim): UserSessionId | null {
  return credential.kind === 'minted' ? credential.userSessionId : null;
}

/**
 * `?seq=`: the last reliable sequence that the client saw; 0 when absent. It must be a whole number under 2^53 in
 * plain decimal digits.
 */
function parseSeq(given: readonly string[]): number {
  const [text = '0'] = given;
  const seq = given.length <= 1 && /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(seq)) throw new Failure('invalid_request', { message: 'seq: not a sequence number' });
  return seq;
}

function retry(code: Failure['code']): { readonly retryAfterS?: number } {
  return code === 'session_not_linked' ? { retryAfterS: 1 } : {};
}
