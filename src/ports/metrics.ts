/**
 * Counters as plain numbers: the hot path adds to a field, a scrape reads it.
 * Each field is one Prometheus counter; the adapter knows names and help texts.
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
  passwordsRefused: number;
  mailsSent: number;
  mailsFailed: number;
}

/** Low-cardinality events that are counted by label, off the hot path. */
export interface Metrics {
  readonly tallies: Tallies;
  /** One socket closed with this code (1006 for a lost one). */
  closed(code: number): void;
  /** One refused upgrade or one `error` frame, by catalogue code. */
  refused(code: string): void;
  /** One HTTP answer. `route` is the route's pattern, never a path with ids in it. */
  answered(route: string, status: number, tookMs: number): void;
  /** One call of the store that failed, by operation. */
  storeFailed(operation: string): void;
  /** A gauge that is read at scrape time. */
  gauge(name: string, help: string, read: () => number): void;
  /** The text of a scrape and its content type. */
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
    passwordsRefused: 0,
    mailsSent: 0,
    mailsFailed: 0,
  };
}
