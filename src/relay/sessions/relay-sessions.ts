/**
 * Relay sessions as backends see them: create, get, list, update, end. It places a session on a node and calls the
 * store. The enforcer acts on the sockets.
 */
import { elapsedMs } from '../../lib/stopwatch.js';
import { Failure } from '../../protocol/failure.js';
import type { ProjectId, SessionId } from '../../protocol/ids.js';
import type { Json } from '../../lib/json.js';
import type { Clock } from '../../ports/clock.js';
import type { Crypto } from '../../ports/crypto.js';
import type { Enforcer, Reach } from '../../ports/enforcer.js';
import type { Geo } from '../../ports/geo.js';
import type { Tallies } from '../../ports/metrics.js';
import type { Outbound } from '../../ports/outbound.js';
import type { Placement } from '../../ports/placement.js';
import type { ListRequest, NewGroupSeat, NewSeat, SessionPage, SessionWithSeats } from '../../ports/relay-seat.js';
import type {
  Durability,
  Filter,
  GroupPart,
  ProjectScope,
  RelaySession,
  RelaySessionSettings,
} from '../../ports/relay-session.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { StoreHealth } from '../../ports/store.js';
import { newAuthorizationToken, newAuthorizationTokens, newSessionId, newUserId } from './relay-tokens.js';

/** The settings of a session whose creator gives none. */
export interface SessionDefaults {
  readonly maxUsers: number;
  readonly ttlMs: number;
  readonly resumeWindowMs: number;
  readonly flushMs: number | 'auto';
}

export interface CreateRequest {
  readonly projectId: ProjectId;
  /** Canonical addresses of the users to authorize. An address that is listed twice makes two users. */
  readonly addresses: readonly string[];
  readonly filters: readonly Filter[];
  readonly webhookUrl: string | null;
  readonly joinUrl: string | null;
  readonly metadata?: Json | undefined;
  readonly maxUsers?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly resumeWindowMs?: number | undefined;
  readonly flushMs?: number | 'auto' | undefined;
  readonly durability?: Durability | undefined;
  readonly enforceIp?: boolean | undefined;
  /** Makes it a group session whose creator holds a seat. */
  readonly group?: { readonly part: GroupPart; readonly creator: NewGroupSeat };
}

/** The addresses of a session that the gateway calls. */
interface Targets {
  readonly webhookUrl?: string | null;
  readonly joinUrl?: string | null;
}

/** The report of a call that reaches sockets. */
export interface EnforcementReport extends Reach {
  /** How many users (or, for end, sessions) the call matched. */
  readonly matched: number;
  readonly tookMs: number;
}

export interface RelaySessionsDeps {
  readonly store: RelayStore;
  readonly storeHealth: () => StoreHealth;
  readonly placement: Placement;
  readonly enforcer: Enforcer;
  readonly geo: Geo;
  readonly outbound: Pick<Outbound, 'refusalOf'>;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly defaults: SessionDefaults;
  readonly tallies: Pick<Tallies, 'relaySessionsCreated' | 'groupSessionsCreated' | 'relaySessionsEnded'>;
}

export class RelaySessions {
  constructor(private readonly deps: RelaySessionsDeps) {}

  /**
   * Places the session on a node that fits its filters. Without such a node the session is created with `error` set.
   * Rejects with `invalid_request` when more users are listed than maxUsers allows, and when the gateway may not call one
   * of its URLs.
   */
  async create(request: CreateRequest): Promise<SessionWithSeats> {
    const { store, placement, crypto, defaults, tallies } = this.deps;
    this.requireTargets(request);
    const maxUsers = request.maxUsers ?? defaults.maxUsers;
    if (request.addresses.length > maxUsers) {
      throw new Failure('invalid_request', { message: `users: ${String(maxUsers)} at most (max_users)` });
    }
    // Before the first heartbeat this node knows no node, not even itself. That must not fail a session for good.
    if (placement.nodes().length === 0) throw noNodes(this.deps.storeHealth());
    const home = placement.choose(request.filters);
    const [authorizationToken = newAuthorizationToken(crypto), ...tokens] = newAuthorizationTokens(
      crypto,
      request.addresses.length + 1,
    );
    const listed = request.addresses.map((address, at) => this.newSeat(address, tokens[at]));
    const created = await store.create(
      {
        id: newSessionId(crypto),
        projectId: request.projectId,
        authorizationToken,
        ttlMs: request.ttlMs ?? defaults.ttlMs,
        durability: request.durability ?? 'memory',
        filters: request.filters,
        homeNodeId: home?.id ?? null,
        error: home === null ? 'no node fits the filters' : null,
        group: request.group?.part ?? null,
        metadata: request.metadata ?? {},
        maxUsers,
        resumeWindowMs: request.resumeWindowMs ?? defaults.resumeWindowMs,
        flushMs: request.flushMs ?? defaults.flushMs,
        enforceIp: request.enforceIp ?? false,
        locked: false,
        webhookUrl: request.webhookUrl,
        joinUrl: request.joinUrl,
      },
      request.group === undefined ? listed : [...listed, request.group.creator],
    );
    if (request.group === undefined) tallies.relaySessionsCreated += 1;
    else tallies.groupSessionsCreated += 1;
    return created;
  }

  /** Rejects with `session_not_found` also for another project's session. */
  async get(scope: ProjectScope, id: SessionId): Promise<SessionWithSeats> {
    const found = await this.deps.store.get(id, scope);
    if (found === null) throw new Failure('session_not_found');
    return found;
  }

  list(request: ListRequest): Promise<SessionPage> {
    return this.deps.store.list(request);
  }

  /** Changes settings and tells the members. `ttlMs` counts from now. Rejects with `invalid_request` as `create` does. */
  async update(
    scope: ProjectScope,
    id: SessionId,
    change: Partial<RelaySessionSettings> & { readonly ttlMs?: number },
  ): Promise<RelaySession> {
    this.requireTargets(change);
    const session = await this.deps.store.update(id, scope, change);
    if (session === null) throw new Failure('session_not_found');
    await this.deps.enforcer.update(session);
    return session;
  }

  /** Ends the session for everybody; sockets close with `session_ended`. */
  async end(scope: ProjectScope, id: SessionId): Promise<EnforcementReport> {
    const { store, enforcer, clock, tallies } = this.deps;
    const startedMs = clock.monotonicMs();
    if (!(await store.end(id, scope))) throw new Failure('session_not_found');
    tallies.relaySessionsEnded += 1;
    const reach = await enforcer.end(id, 'session_ended');
    return { matched: 1, ...reach, tookMs: elapsedMs(startedMs, clock.monotonicMs()) };
  }

  private requireTargets({ webhookUrl, joinUrl }: Targets): void {
    for (const [name, url] of Object.entries({ webhook_url: webhookUrl, join_url: joinUrl })) {
      const refusal = typeof url === 'string' ? this.deps.outbound.refusalOf(url) : null;
      if (refusal !== null) throw new Failure('invalid_request', { message: `${name}: refused: ${refusal}` });
    }
  }

  /** Makes a user for `create` and `authorize`. */
  newSeat(address: string, token = newAuthorizationToken(this.deps.crypto)): NewSeat {
    const { crypto, geo } = this.deps;
    return { userId: newUserId(crypto), token, address, ...geo.locate(address) };
  }
}

/** No node is known: the store has not answered yet, or not for a while. */
function noNodes(health: StoreHealth): Failure {
  const retryAfterS = 1;
  if (health.ok) return new Failure('store_unavailable', { retryAfterS });
  const message = `The state store cannot be used (${health.reason}); nothing was changed.`;
  return new Failure('store_unavailable', { retryAfterS, message });
}
