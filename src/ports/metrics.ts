/**
 * Counters as plain numbers: the hot path increments a field, a scrape reads it. Each field is one Prometheus counter;
 * the adapter holds the names and help texts.
 */
export interface Tallies {
  connectionsOpened: number;
  connectionsClosed: number;
  framesIn: number;
  bytesIn: number;
  entriesRelayed: number;
  batchesOut: number;
  entriesReplayed: number;
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
}

/** Events counted by low-cardinality labels, off the hot path. */
export interface Metrics {
  readonly tallies: Tallies;
  /** A socket closed with this code (1006: connection lost). */
  closed(code: number): void;
  /** A refused upgrade or an `error` frame, by catalogue code. */
  refused(code: string): void;
  /** An HTTP response. `route` is the route's pattern, never a path with ids in it. */
  answered(route: string, status: number, tookMs: number): void;
  /** A failed store call, by operation. */
  storeFailed(operation: string): void;
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
    batchesOut: 0,
    entriesReplayed: 0,
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
  };
}
