import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MAX_FEED_BYTES, MAX_FEED_EVENTS } from '../../ports/event-feed.js';
import { MAX_SESSION_EVENT_BYTES, MAX_SESSION_EVENTS, SESSION_EVENTS_KEPT_MS } from '../../ports/event-log.js';
import { neededParts } from './lua-parts.js';
import { seatLua } from './seat-fields.js';
import { FIELD_NAMES } from './session-fields.js';

/**
 * The effect of a script on the store. `read`: none. `upkeep`: a change that the gateway makes for itself (leases,
 * counters of attempts, marks of running calls). `change`: a change that a caller asked for.
 */
export type Effect = 'read' | 'upkeep' | 'change';

export interface ScriptText {
  readonly text: string;
  readonly sha1: string;
  /** Whether the script checks the data's format; the format key is then its last key. See lua/format-guard.lua. */
  readonly isGuarded: boolean;
}

export interface Script extends ScriptText {
  readonly name: string;
  readonly effect: Effect;
  /** For a change: the form that keeps its reply. A repeat gets that reply and changes nothing; see lua/once.lua. */
  readonly once: ScriptText | null;
  /** Whether it may write events. Its last two keys are then a feed and the owner of that feed. */
  readonly feeds: boolean;
}

export interface ScriptsOptions {
  /** The version of the stored data's format. */
  readonly format: string;
  /** On a cluster no script is guarded. */
  readonly isCluster: boolean;
  /** How many events a partition of the feed holds. */
  readonly maxFeedEvents?: number;
  /** How many bytes of large events a partition of the feed holds. */
  readonly maxFeedBytes?: number;
}

/** The bytes of the longest event that the bounds in bytes do not count. */
const LARGE_EVENT = 512;

/** Reads the scripts from disk once and puts their shared parts in front of them. */
export function loadScripts(options: ScriptsOptions) {
  const { format, isCluster, maxFeedEvents = MAX_FEED_EVENTS, maxFeedBytes = MAX_FEED_BYTES } = options;
  const time = readLua('time');
  const guard = `local FORMAT = '${format}'\n${readLua('format-guard')}`;
  const session = [luaList('FACTS', FIELD_NAMES), seatLua(), readLua('session')];
  const userSession = [readLua('user-session')];
  const userSocket = [readLua('user-socket')];
  const client = [readLua('client')];
  const log = [readLua('log')];
  const deliveries = [readLua('deliveries')];
  const [once = '', onceEnd = ''] = readLua('once').split('-- BODY\n');
  const feedBounds = [maxFeedEvents, maxFeedBytes, LARGE_EVENT].join(', ');
  const feed = [`local MAX_FEED_EVENTS, MAX_FEED_BYTES, LARGE_EVENT = ${feedBounds}\n`, readLua('feed')];
  const kept = [MAX_SESSION_EVENTS, MAX_SESSION_EVENT_BYTES, SESSION_EVENTS_KEPT_MS].join(', ');
  const bounds = `local MAX_SESSION_EVENTS, MAX_SESSION_BYTES, EVENTS_KEPT_MS = ${kept}\n`;
  /** `events`: what a script that changes something needs in front, in order to write events. */
  const over =
    (shared: readonly string[], events: readonly string[] = []) =>
    (name: string, effect: Effect = 'change'): Script => {
      const own = readLua(name);
      const body = neededParts([...(effect === 'read' ? [] : events), ...shared].join('\n'), own) + own;
      const isGuarded = effect !== 'read' && !isCluster;
      const front = isGuarded ? time + guard : time;
      const kept = effect === 'change' ? scriptText(front + once + body + onceEnd, isGuarded) : null;
      const feeds = effect !== 'read' && events.length > 0;
      return { name, effect, once: kept, feeds, ...scriptText(front + body, isGuarded) };
    };
  const overSession = over(session, [...feed, bounds, readLua('session-events')]);
  const overUserSessions = over(userSession, [...feed, readLua('user-session-events')]);
  const overFeed = over([], feed);
  const overUserSockets = over(userSocket);
  const overClient = over(client);
  const overLog = over(log);
  const overDeliveries = over(deliveries);
  const alone = over([]);
  const scripts = {
    format: {
      name: 'format',
      effect: 'upkeep',
      once: null,
      feeds: false,
      ...scriptText(time + readLua('format'), false),
    } as const,
    scratch: {
      name: 'scratch',
      effect: 'upkeep',
      once: null,
      feeds: false,
      ...scriptText(time + readLua('scratch'), false),
    } as const,
    rights: {
      name: 'rights',
      effect: 'upkeep',
      once: null,
      feeds: false,
      ...scriptText(readLua('rights'), false),
    } as const,
    create: overSession('create'),
    get: overSession('get', 'read'),
    check: alone('check', 'read'),
    inspect: overSession('inspect', 'read'),
    restore: overSession('restore', 'upkeep'),
    end: overSession('end'),
    expire: overSession('expire', 'upkeep'),
    update: overSession('update'),
    authorize: overSession('authorize'),
    enrol: overSession('enrol'),
    revoke: overSession('revoke'),
    kick: overSession('kick'),
    mint: overSession('mint', 'read'),
    join: overSession('join'),
    away: overSession('away', 'upkeep'),
    leave: overSession('leave', 'upkeep'),
    handOverHost: overSession('hand-over-host'),
    claimHome: overSession('claim-home', 'upkeep'),
    logOpen: overLog('log-open', 'upkeep'),
    logReopen: overLog('log-reopen', 'upkeep'),
    logAppend: overLog('log-append', 'upkeep'),
    deliveryPlan: overDeliveries('delivery-plan', 'upkeep'),
    deliveryDue: overDeliveries('delivery-due', 'read'),
    deliverySettle: overDeliveries('delivery-settle', 'upkeep'),
    deliveryTrim: overDeliveries('delivery-trim', 'upkeep'),
    deliveryDead: overDeliveries('delivery-dead', 'read'),
    deliveryResend: overDeliveries('delivery-resend'),
    endpointPut: alone('endpoint-put'),
    endpointRemove: alone('endpoint-remove'),
    indexAdd: alone('index-add'),
    indexRemove: alone('index-remove'),
    indexList: alone('index-list', 'read'),
    indexClaimDue: alone('index-claim-due', 'upkeep'),
    indexPutBack: alone('index-put-back', 'upkeep'),
    indexDueEarlier: alone('index-due-earlier', 'upkeep'),
    roomsAdd: alone('rooms-add', 'upkeep'),
    roomsRemove: alone('rooms-remove', 'upkeep'),
    nodeHeartbeat: alone('node-heartbeat', 'upkeep'),
    nodeLeave: alone('node-leave', 'upkeep'),
    keyPut: alone('key-put'),
    keyRemove: alone('key-remove'),
    keyUse: alone('key-use', 'upkeep'),
    idempotencyStart: alone('idempotency-start', 'upkeep'),
    idempotencyFinish: alone('idempotency-finish', 'upkeep'),
    idempotencyRelease: alone('idempotency-release', 'upkeep'),
    idempotencyForget: alone('idempotency-forget', 'upkeep'),
    actingAdd: alone('acting-add'),
    actingRemove: alone('acting-remove', 'upkeep'),
    actingList: alone('acting-list', 'read'),
    ownerPut: alone('owner-put'),
    ownerOver: alone('owner-over', 'upkeep'),
    userSessionIndexClaim: alone('user-session-index-claim', 'upkeep'),
    userSessionForget: overUserSessions('user-session-forget', 'upkeep'),
    userSessionIndexOver: alone('user-session-index-over', 'upkeep'),
    clientOver: overClient('client-over', 'upkeep'),
    userSessionOpen: overUserSessions('user-session-open'),
    userSessionGet: overUserSessions('user-session-get', 'read'),
    userSessionChange: overUserSessions('user-session-change'),
    userSessionFinish: overUserSessions('user-session-finish'),
    userSessionFinishAll: overUserSessions('user-session-finish-all'),
    userSessionExpire: overUserSessions('user-session-expire', 'upkeep'),
    userSessionList: overUserSessions('user-session-list', 'read'),
    userSessionIndexAdd: alone('user-session-index-add'),
    clientCreate: overClient('client-create'),
    clientGet: overClient('client-get', 'read'),
    clientChange: overClient('client-change'),
    clientPoint: overClient('client-point'),
    clientPrune: overClient('client-prune', 'upkeep'),
    recordPut: overFeed('record-put'),
    eventAppend: overFeed('event-append'),
    eventsOfSession: alone('events-of-session', 'read'),
    eventsOfLog: alone('events-of-log', 'read'),
    feedClaim: alone('feed-claim', 'upkeep'),
    feedRelease: alone('feed-release', 'upkeep'),
    feedRead: alone('feed-read', 'upkeep'),
    feedPublish: alone('feed-publish', 'upkeep'),
    feedSettle: alone('feed-settle', 'upkeep'),
    recordFind: alone('record-find', 'read'),
    recordList: alone('record-list', 'read'),
    recordRemove: alone('record-remove'),
    membershipPut: alone('membership-put'),
    membershipRemove: alone('membership-remove'),
    membershipList: alone('membership-list', 'read'),
    oneTimePut: alone('one-time-put'),
    oneTimeTake: alone('one-time-take'),
    rateTake: alone('rate-take', 'upkeep'),
    rateReset: alone('rate-reset', 'upkeep'),
    signingKeyList: alone('signing-key-list', 'read'),
    signingKeyAdd: alone('signing-key-add', 'upkeep'),
    signingKeyKeep: alone('signing-key-keep', 'upkeep'),
    userSocketTake: overUserSockets('user-socket-take', 'upkeep'),
    userSocketRelease: overUserSockets('user-socket-release', 'upkeep'),
    userSocketRenew: overUserSockets('user-socket-renew', 'upkeep'),
  };
  const all: readonly Script[] = Object.values(scripts);
  return { ...scripts, all, commands: commandsIn(all) };
}

export type Scripts = ReturnType<typeof loadScripts>;

function scriptText(text: string, isGuarded: boolean): ScriptText {
  return { text, isGuarded, sha1: createHash('sha1').update(text).digest('hex') };
}

/** The names of the Redis commands that the scripts run. */
function commandsIn(scripts: readonly Script[]): readonly string[] {
  const calls = scripts.flatMap(({ text }) => [...text.matchAll(/redis\.p?call\('([A-Z]+)'/g)]);
  return [...new Set(calls.map(([, name = '']) => name))].sort();
}

/** A Lua line that makes a list of names. */
function luaList(name: string, names: readonly string[]): string {
  return `local ${name} = { ${names.map((each) => `'${each}'`).join(', ')} }\n`;
}

/** The build copies lua/ beside the compiled module. */
function readLua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}
