import { Counter, type Registry } from 'prom-client';
import type { Tallies } from '../../ports/metrics.js';

/** Name (without prefix and `_total`) and help text of each tally's counter. */
const TALLY_TEXTS: Readonly<Record<keyof Tallies, readonly [name: string, help: string]>> = {
  connectionsOpened: ['connections_opened', 'WebSockets that were opened.'],
  connectionsClosed: ['connections_closed', 'WebSockets that closed.'],
  framesIn: ['frames_in', 'Frames received on sockets.'],
  bytesIn: ['bytes_in', 'Bytes of the frames received on sockets.'],
  entriesRelayed: ['entries_relayed', 'Relay messages that were accepted and fanned out.'],
  batchesOut: ['batches_out', 'Batch frames handed to the engine; one for a whole room counts once.'],
  entriesReplayed: ['entries_replayed', 'Reliable entries sent again after a resume.'],
  framesRefused: ['frames_refused', 'Frames answered with an error.'],
  rateLimited: [
    'frames_rate_limited',
    'Frames refused for the rate of their connection, or for the time its frames take.',
  ],
  overWork: ['connections_over_work', 'Times that a connection used up the time its frames may take.'],
  volatileDropped: ['volatile_dropped', 'Volatile entries that were not kept for a slow receiver.'],
  latestConflated: [
    'latest_conflated',
    'Entries of class latest that a newer one replaced before a slow receiver got them.',
  ],
  fellBehind: ['fell_behind', 'Times that a socket left the shared path because it did not keep up.'],
  upgradesRefused: ['upgrades_refused', 'Handshakes refused before the upgrade.'],
  handlerFailures: ['handler_failures', 'Exceptions caught at the engine: each is a bug.'],
  sessionsRestored: ['sessions_restored', 'Relay sessions that the store had lost and their home put back.'],
  passwordsRefused: ['passwords_refused', 'Passwords that were not checked because the line was full.'],
  mailsSent: ['mails_sent', 'Mails to users that the next server took.'],
  mailsFailed: ['mails_failed', 'Mails to users that were not handed over.'],
};

/** One counter a tally. The numbers are read when scraped, so counting costs an addition. */
export function exposeTallies(tallies: Tallies, prefix: string, registry: Registry): void {
  for (const [name, help, read] of tallyReaders(tallies)) {
    const counter: Counter = new Counter({
      name: `${prefix}${name}_total`,
      help,
      registers: [registry],
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}

function tallyReaders(tallies: Tallies): [name: string, help: string, read: () => number][] {
  const fields: readonly (keyof Tallies)[] = keysOf(TALLY_TEXTS);
  return fields.map((field) => [...TALLY_TEXTS[field], () => tallies[field]]);
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys;
}
