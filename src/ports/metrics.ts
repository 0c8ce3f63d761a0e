import { Histogram } from '../lib/histogram.js';

/**
 * Counters as plain numbers: the hot path increments a field, a scrape reads it. Each field is one Prometheus counter,
 * or one label of a counter; the adapter holds the names and help texts.
 */
export interface Tallies {
  connectionsOpened: number;
  connectionsClosed: number;
  framesIn: number;
  bytesIn: number;
  entriesRelayed: number;
  framesOut: number;
  bytesOut: number;
  batchesOut: number;
  entriesReplayed: number;
  resumesWhole: number;
  resumesWithGap: number;
  resumesRefused: number;
  relaySessionsCreated: number;
  groupSessionsCreated: number;
  relaySessionsEnded: number;
  relaySessionsExpired: number;
  userSessionsCreated: number;
  userSessionsEnded: number;
  userSessionsRemoved: number;
  userSessionsReplaced: number;
  userSessionsRevoked: number;
  userSessionsExpired: number;
  userSessionsAbandoned: number;
  framesRefused: number;
  rateLimited: number;
  overWork: number;
  volatileDropped: number;
  latestConflated: number;
  fellBehind: number;
  upgradesRefused: number;
  handlerFailures: number;
  sessionsRestored: number;
  durableAppends: number;
  durableFailures: number;
  leaseGaps: number;
  failovers: number;
  loopBlocks: number;
  handOvers: number;
  handOversFailed: number;
  handOverMs: number;
  sessionsTakenOver: number;
  passwordsRefused: number;
  mailsSent: number;
  mailsFailed: number;
  joinQuestionsAllowed: number;
  joinQuestionsRefused: number;
  joinQuestionsTimedOut: number;
  joinQuestionsFailed: number;
  joinQuestionsFull: number;
  joinQuestionsAbandoned: number;
  webhooksDelivered: number;
  webhooksRetried: number;
  webhooksDead: number;
  webhooksEvicted: number;
  webhooksOrphaned: number;
  deadLettersDropped: number;
  busEnvelopesOut: number;
  busMessagesOut: number;
  busBytesOut: number;
  busEnvelopesIn: number;
  busBytesIn: number;
  busLosses: number;
  busMalformed: number;
  linkSegmentsOut: number;
  linkSegmentsResent: number;
  linksBroken: number;
  framesForwarded: number;
  bytesForwarded: number;
  framesNotForwarded: number;
  eventsDispatched: number;
  eventsDropped: number;
  eventReadersRefused: number;
  eventStreamsCut: number;
}

/** The purpose of a socket. */
export type SocketKind = 'relay' | 'user_session';

/** Durations in seconds. */
export interface Timings {
  /** From a ping of the gateway to the pong of the client. */
  readonly roundTrip: Histogram;
  /** From the first entry of a batch to the call that gives the batch to the engine. */
  readonly flush: Histogram;
  /** From the head of a handshake to the end of the turn in which its socket opened. */
  readonly join: Readonly<Record<SocketKind, Histogram>>;
}

/** Events counted by low-cardinality labels, off the hot path. */
export interface Metrics {
  readonly tallies: Tallies;
  readonly timings: Timings;
  /** A socket closed with this code (1006: connection lost). */
  closed(code: number): void;
  /** A refused upgrade or an `error` frame, by catalogue code. */
  refused(code: string): void;
  /** An HTTP response. `route` is the route's pattern, never a path with ids in it. */
  answered(route: string, status: number, tookMs: number): void;
  /** A failed store call, by operation. */
  storeFailed(operation: string): void;
  /** A store call ended, however it ended. */
  storeCalled(operation: string, tookMs: number): void;
  /** Registers a gauge that is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** The scrape text and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function emptyTallies(): Tallies {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    framesIn: 0,
    bytesIn: 0,
    entriesRelayed: 0,
    framesOut: 0,
    bytesOut: 0,
    batchesOut: 0,
    entriesReplayed: 0,
    resumesWhole: 0,
    resumesWithGap: 0,
    resumesRefused: 0,
    relaySessionsCreated: 0,
    groupSessionsCreated: 0,
    relaySessionsEnded: 0,
    relaySessionsExpired: 0,
    userSessionsCreated: 0,
    userSessionsEnded: 0,
    userSessionsRemoved: 0,
    userSessionsReplaced: 0,
    userSessionsRevoked: 0,
    userSessionsExpired: 0,
    userSessionsAbandoned: 0,
    framesRefused: 0,
    rateLimited: 0,
    overWork: 0,
    volatileDropped: 0,
    latestConflated: 0,
    fellBehind: 0,
    upgradesRefused: 0,
    handlerFailures: 0,
    sessionsRestored: 0,
    durableAppends: 0,
    durableFailures: 0,
    leaseGaps: 0,
    failovers: 0,
    loopBlocks: 0,
    handOvers: 0,
    handOversFailed: 0,
    handOverMs: 0,
    sessionsTakenOver: 0,
    passwordsRefused: 0,
    mailsSent: 0,
    mailsFailed: 0,
    joinQuestionsAllowed: 0,
    joinQuestionsRefused: 0,
    joinQuestionsTimedOut: 0,
    joinQuestionsFailed: 0,
    joinQuestionsFull: 0,
    joinQuestionsAbandoned: 0,
    webhooksDelivered: 0,
    webhooksRetried: 0,
    webhooksDead: 0,
    webhooksEvicted: 0,
    webhooksOrphaned: 0,
    deadLettersDropped: 0,
    busEnvelopesOut: 0,
    busMessagesOut: 0,
    busBytesOut: 0,
    busEnvelopesIn: 0,
    busBytesIn: 0,
    busLosses: 0,
    busMalformed: 0,
    linkSegmentsOut: 0,
    linkSegmentsResent: 0,
    linksBroken: 0,
    framesForwarded: 0,
    bytesForwarded: 0,
    framesNotForwarded: 0,
    eventsDispatched: 0,
    eventsDropped: 0,
    eventReadersRefused: 0,
    eventStreamsCut: 0,
  };
}

const ROUND_TRIP_S = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10];
const FLUSH_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];
const JOIN_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function emptyTimings(): Timings {
  return {
    roundTrip: new Histogram(ROUND_TRIP_S),
    flush: new Histogram(FLUSH_S),
    join: { relay: new Histogram(JOIN_S), user_session: new Histogram(JOIN_S) },
  };
}
