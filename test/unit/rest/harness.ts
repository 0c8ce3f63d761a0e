/** The REST APIs on the embedded store, without sockets: time by hand, one node, enforcement that is only counted. */
import { createOutbound } from '../../../src/adapters/outbound/outbound.js';
import { createOperations } from '../../../src/adapters/system/operations.js';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { composeClient } from '../../../src/compose/client.js';
import { composeGroup, type GroupGround } from '../../../src/compose/group.js';
import { NodeDuties } from '../../../src/compose/node-duties.js';
import { composeIdentity, type Identity } from '../../../src/compose/identity.js';
import { composeLogin } from '../../../src/compose/login.js';
import { composeOutbound } from '../../../src/compose/outbound.js';
import { composeTokens } from '../../../src/compose/tokens.js';
import { composeWebhooks } from '../../../src/compose/webhooks.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { Config } from '../../../src/config/schema.js';
import { EventReaders } from '../../../src/events/event-readers.js';
import { ApiKeys } from '../../../src/identity/api-keys.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import type { Enforcer, Reach } from '../../../src/ports/enforcer.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { HttpRequest, HttpResponse } from '../../../src/ports/http.js';
import type { AuditSink, Log } from '../../../src/ports/log.js';
import type { NodeRecord } from '../../../src/ports/node-store.js';
import type { Store, StoreHealth } from '../../../src/ports/store.js';
import { Authorizations } from '../../../src/relay/sessions/authorizations.js';
import { UserPresence } from '../../../src/relay/presence/user-presence.js';
import { MembersByUser } from '../../../src/relay/room/members-by-user.js';
import { RelaySessions } from '../../../src/relay/sessions/relay-sessions.js';
import { createRest, type Rest, type RestDeps } from '../../../src/rest/rest.js';
import { OpenSockets } from '../../../src/sockets/open-sockets.js';
import { ManualClock } from '../../support/manual-clock.js';
import { loneNode } from '../../support/lone-node.js';
import { UserSessionSockets } from '../../../src/identity/user-session-sockets.js';

export const ROOT_KEY = 'root-key-of-at-least-32-characters!';
export const MAX_BODY_BYTES = 65_536;
const SECRET = 'secret of the harness';

interface LogLine {
  readonly event: string;
  readonly cause?: unknown;
  readonly fields?: unknown;
}

/** The members that tests read; those that an answer lacks are undefined whatever is written here. */
interface AnswerJson {
  readonly [member: string]: unknown;
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly path: string; readonly message: string }[];
  readonly id: string;
  readonly secret: string;
  readonly project_id: string;
  readonly session_id: string;
  readonly session_users: readonly { readonly ip_address: string; readonly authorization_token: number }[];
  readonly sessions: readonly { readonly session_id: string }[];
  readonly keys: readonly { readonly id: string; readonly name: string }[];
  readonly next_cursor: string | null;
}

export interface Answer extends HttpResponse {
  readonly headers: Readonly<Record<string, string>>;
  /** The body, parsed; empty when there is none. */
  readonly json: AnswerJson;
}

export interface SendOptions {
  /** The whole Authorization header. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of `body`: as it is. */
  readonly raw?: string | Uint8Array;
}

export interface Harness {
  readonly rest: Rest;
  readonly store: Store;
  readonly keys: ApiKeys;
  readonly clock: ManualClock;
  readonly logged: LogLine[];
  /** Routes and statuses as metrics saw them. */
  readonly answered: [string, number][];
  readonly sent: unknown[];
  node: NodeRecord;
  /** Whether the node is alive, as placement sees it. */
  nodeIsKnown: boolean;
  draining: boolean;
  health: StoreHealth;
  examined: Failure;
  /** `METHOD /path?query`; the path goes out as it is written. */
  send(line: string, options?: SendOptions): Promise<Answer>;
  /** With the root key in the relay surface's carrier. */
  relay(line: string, body?: unknown): Promise<Answer>;
  /** With the root key as a bearer. */
  native(line: string, body?: unknown): Promise<Answer>;
  newSession(body?: object): Promise<Answer>;
}

const REACHED: Reach = { closed: 1, nodesAcked: 1, nodesTimedOut: 0 };

export function startRest(overrides: Partial<RestDeps> = {}, wrapStore = (store: Store): Store => store): Harness {
  const clock = new ManualClock();
  const crypto = systemCrypto();
  const store = wrapStore(createMemoryStore({ clock }));
  const logged: LogLine[] = [];
  const answered: [string, number][] = [];
  const sent: unknown[] = [];
  let requests = 0;

  const harness: Harness = {
    rest: undefined as unknown as Rest,
    store,
    clock,
    logged,
    answered,
    sent,
    keys: new ApiKeys({
      store: store.keys,
      calls: loneNode,
      crypto,
      clock,
      log: memoryLog(logged),
      rootKey: ROOT_KEY,
      env: 'dev',
    }),
    node: nodeRecord(),
    nodeIsKnown: true,
    draining: false,
    health: { ok: true },
    examined: new Failure('upgrade_required'),
    async send(line, { authorization, headers = {}, body, raw } = {}) {
      const [method = '', target = ''] = line.split(' ');
      const [path = '', query = ''] = target.split('?');
      requests += 1;
      const request: HttpRequest = {
        id: `request-${requests}`,
        method,
        path,
        query,
        remoteAddress: '127.0.0.1',
        headers: new Map(Object.entries({ ...headers, ...(authorization === undefined ? {} : { authorization }) })),
        body: bytesOf(raw ?? (body === undefined ? '' : JSON.stringify(body))),
      };
      return parsed(await harness.rest.handle(request));
    },
    relay: (line, body) => harness.send(line, { authorization: `token ${ROOT_KEY}`, body }),
    native: (line, body) => harness.send(line, { authorization: `Bearer ${ROOT_KEY}`, body }),
    newSession: (body = {}) => harness.relay('POST /v1/relays/sessions', { users: [{ ip: '1.2.3.4' }], ...body }),
  };

  const placement: RestDeps['placement'] & { choose(filters: readonly unknown[]): NodeRecord | null } = {
    choose: (filters) => (filters.length === 0 ? harness.node : null),
    find: (id) => (harness.nodeIsKnown && id === harness.node.id ? harness.node : null),
    nodes: () => [harness.node],
    draining: () => harness.draining,
  };
  const enforcer: Enforcer = {
    remove: async () => REACHED,
    end: async () => REACHED,
    removeForgotten: async () => ({ ...REACHED, closed: 0 }),
    update: async () => REACHED,
    removeUnconfirmed: () => 0,
  };
  const sign = async (claims: unknown, ttlS: number) => ({
    token: JSON.stringify(claims),
    expiresAtMs: clock.nowMs() + ttlS * 1000,
  });
  const nobody = async () => null;
  const credentials = { sign, signForGroup: sign, verify: nobody, verifyForGroup: nobody };
  const defaults = { maxUsers: 1000, ttlMs: 3_600_000, resumeWindowMs: 30_000, flushMs: 'auto' } as const;
  const geo = { locate: () => ({ latitude: null, longitude: null }) };
  const fullPlacement = {
    ...placement,
    self: harness.node.id,
    storeNowMs: () => clock.nowMs(),
    leaseHeld: () => true,
    reach: placement.find,
    isGone: async () => true,
  };

  const sessions = new RelaySessions({
    storeHealth: () => store.health(),
    store: store.relay,
    placement: fullPlacement,
    enforcer,
    geo,
    outbound: createOutbound({ isDevelopment: false, isAllowed: () => false }),
    crypto,
    clock,
    defaults,
    tallies: emptyTallies(),
  });
  const authorizations = new Authorizations({ store: store.relay, enforcer, credentials, crypto, clock });
  const { identity, client, login } = identityOn(store, clock, memoryLog(logged));
  const { passwords } = identity;
  const metrics = { tallies: emptyTallies(), gauge: () => undefined };
  const webhooks = composeWebhooks({
    ...{ clock, crypto, metrics, store },
    log: memoryLog(logged),
    outbound: composeOutbound(defaultConfig()),
    secret: SECRET,
    nodes: placement,
  });
  const rest = createRest({
    operations: createOperations(ROOT_KEY),
    keys: harness.keys,
    sessions,
    authorizations,
    group: groupOn({ store, clock, crypto, passwords, credentials, sessions, authorizations }),
    live: {
      members: async () => ({ members: [], asOfMs: clock.nowMs(), maxStalenessMs: 0 }),
      send: async (_scope, _id, message) => {
        sent.push(message);
        return { seq: message.deliveryClass === 2 ? 1 : null, receivers: 2 };
      },
    },
    presence: new UserPresence({
      membersByUser: new MembersByUser(),
      openSockets: new OpenSockets(),
      placement: fullPlacement,
      calls: loneNode,
      clock,
      nodesKnownWithinMs: 0,
    }),
    eventReaders: new EventReaders({
      log: store.events,
      clock,
      records: memoryLog(logged),
      tallies: emptyTallies(),
      draining: placement.draining,
    }),
    identity,
    webhooks,
    client,
    login,
    placement,
    drains: { drain: async () => ({ closed: 0, isAcked: true }) },
    gatekeeper: { examine: async () => harness.examined },
    idempotency: store.idempotency,
    metrics: {
      answered: (route, status) => answered.push([route, status]),
      expose: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    },
    log: memoryLog(logged),
    clock,
    crypto,
    sealer: createSealer(SECRET),
    health: () => harness.health,
    origins: { allowed: new Set(['https://game.example']), own: null },
    hasAdminPort: false,
    limits: { maxBodyBytes: MAX_BODY_BYTES, maxMessageBytes: 16_384, requestDeadlineMs: 10_000 },
    ...overrides,
  });
  return Object.assign(harness, { rest });
}

function defaultConfig(): Config {
  const parsedConfig = parseConfig({});
  if (!parsedConfig.ok) throw new Error(parsedConfig.problems.join());
  return parsedConfig.config;
}

function groupOn(ground: Omit<GroupGround, 'config' | 'secret' | 'publicUrl'>): RestDeps['group'] {
  return composeGroup({
    ...ground,
    config: defaultConfig(),
    secret: SECRET,
    publicUrl: () => 'https://relay.example.test',
  });
}

interface IdentityParts {
  readonly identity: Identity;
  readonly client: RestDeps['client'];
  readonly login: RestDeps['login'];
}

function identityOn(store: Store, clock: ManualClock, memory: Log): IdentityParts {
  const log: Log & AuditSink = { ...memory, audit: (fields) => memory.info('audit', fields) };
  const metrics = { tallies: emptyTallies(), gauge: () => undefined };
  const base = { config: defaultConfig(), clock, crypto: systemCrypto(), log, metrics, store };
  const tokens = composeTokens({ ...base, secret: SECRET, publicUrl: () => 'https://rest.example.test' });
  const sessionSockets = new UserSessionSockets();
  const outbound = composeOutbound(base.config);
  const ground = { ...base, tokens, sessionSockets, outbound, calls: loneNode, duties: new NodeDuties() };
  const identity = composeIdentity(ground);
  const client = composeClient(ground, identity, tokens);
  return { identity, client, login: composeLogin(ground, identity) };
}

export function memoryLog(lines: LogLine[]): Log {
  return {
    // As at level info.
    debug: () => undefined,
    info: (event, fields) => lines.push({ event, fields }),
    warn: (event, fields) => lines.push({ event, fields }),
    error: (event, cause, fields) => lines.push({ event, cause, fields }),
  };
}

export function parsed(response: HttpResponse): Answer {
  const { headers = {}, body } = response;
  const isJson = headers['Content-Type'] === 'application/json';
  return { ...response, headers, json: JSON.parse(isJson ? (body ?? '{}') : '{}') as AnswerJson };
}

function bytesOf(raw: string | Uint8Array): Uint8Array {
  return typeof raw === 'string' ? new TextEncoder().encode(raw) : raw;
}

function nodeRecord(): NodeRecord {
  return {
    id: 'node_0123456789abcdef' as NodeId,
    state: 'ready',
    startedAtMs: 1,
    labels: { region: 'eu' },
    publicUrl: 'https://relay.example.test',
    address: '192.0.2.7',
    connections: 3,
    sessions: 1,
    version: '0.1.0',
    engine: 'uws',
    leaseUntilMs: 2,
  };
}
