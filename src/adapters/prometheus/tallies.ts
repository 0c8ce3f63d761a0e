import { Counter, type Registry } from 'prom-client';
import type { Tallies } from '../../ports/metrics.js';

type Labels = Readonly<Record<string, string>>;

const RESUMED = 'Resumes, by outcome: whole, gap (the replay window had lost entries, or a new epoch began), refused.';
const CREATED = 'Sessions made through this node, by kind.';
const ASKED =
  'Questions before a join, by outcome: allowed, refused, timeout, failed (no usable answer), full (not asked), abandoned (the client left).';
const WEBHOOKS =
  'Deliveries of webhooks, by outcome: delivered, retried (an attempt failed), dead (given up), evicted (given up for room or age), orphaned (the endpoint was removed).';
const ENDED = 'Sessions that this node ended or found to be over, by kind and reason.';

/**
 * Name (without prefix and `_total`), help text, labels and unit of each counter. Fields with the same name are one
 * counter. A tally of n is shown as n * unit.
 */
const TALLY_TEXTS: Readonly<
  Record<keyof Tallies, readonly [name: string, help: string, labels?: Labels, unit?: number]>
> = {
  connectionsOpened: ['connections_opened', 'Opened WebSockets.'],
  connectionsClosed: ['connections_closed', 'Closed WebSockets.'],
  framesIn: ['frames_in', 'Frames received on sockets.'],
  bytesIn: ['bytes_in', 'Bytes of frames received on sockets.'],
  entriesRelayed: ['entries_relayed', 'Relay messages accepted and fanned out.'],
  framesOut: ['frames_out', 'Frames sent to sockets, once per socket that gets them; without pings and closes.'],
  bytesOut: ['bytes_out', 'Bytes of frames sent to sockets, without the framing of WebSocket and TLS.'],
  batchesOut: ['batches_out', 'Batch frames passed to the engine; a frame for a whole room counts once.'],
  entriesReplayed: ['entries_replayed', 'Reliable entries replayed after a resume.'],
  resumesWhole: ['resumes', RESUMED, { outcome: 'whole' }],
  resumesWithGap: ['resumes', RESUMED, { outcome: 'gap' }],
  resumesRefused: ['resumes', RESUMED, { outcome: 'refused' }],
  relaySessionsCreated: ['sessions_created', CREATED, { kind: 'relay' }],
  groupSessionsCreated: ['sessions_created', CREATED, { kind: 'group' }],
  userSessionsCreated: ['sessions_created', CREATED, { kind: 'user' }],
  relaySessionsEnded: ['sessions_ended', ENDED, { kind: 'relay', reason: 'ended' }],
  relaySessionsExpired: ['sessions_ended', ENDED, { kind: 'relay', reason: 'expired' }],
  userSessionsEnded: ['sessions_ended', ENDED, { kind: 'user', reason: 'ended' }],
  userSessionsRemoved: ['sessions_ended', ENDED, { kind: 'user', reason: 'removed' }],
  userSessionsReplaced: ['sessions_ended', ENDED, { kind: 'user', reason: 'replaced' }],
  userSessionsRevoked: ['sessions_ended', ENDED, { kind: 'user', reason: 'revoked' }],
  userSessionsExpired: ['sessions_ended', ENDED, { kind: 'user', reason: 'expired' }],
  userSessionsAbandoned: ['sessions_ended', ENDED, { kind: 'user', reason: 'abandoned' }],
  framesRefused: ['frames_refused', 'Frames answered with an error.'],
  rateLimited: ['frames_rate_limited', 'Frames refused because the connection exceeded its rate or its work time.'],
  overWork: ['connections_over_work', 'Times that a connection used up its work time.'],
  volatileDropped: ['volatile_dropped', 'Volatile entries dropped for a slow receiver.'],
  latestConflated: ['latest_conflated', 'Latest entries replaced by a newer one before a slow receiver got them.'],
  fellBehind: ['fell_behind', 'Times that a slow socket left the shared path.'],
  upgradesRefused: ['upgrades_refused', 'Handshakes refused before the upgrade.'],
  handlerFailures: ['handler_failures', 'Exceptions caught in engine callbacks; each is a bug.'],
  sessionsRestored: ['sessions_restored', 'Relay sessions that the store lost and their home put back.'],
  durableAppends: ['durable_appends', 'Batches of reliable entries of durable sessions sent to the store.'],
  durableFailures: ['durable_failures', 'Times that the waiting entries of a durable session were refused.'],
  leaseGaps: ['lease_gaps', 'Times that this node had lost its lease, or that the store had lost it.'],
  failovers: ['failovers', 'Relay sessions that this node has claimed from a dead home.'],
  loopBlocks: [
    'event_loop_blocks',
    'Times that the event loop was blocked, or the process frozen, for 500 ms or more.',
  ],
  handOvers: ['hand_overs', 'Relay sessions that this node handed over to another.'],
  handOversFailed: ['hand_overs_failed', 'Relay sessions that no node took over from this one when it drained.'],
  handOverMs: ['hand_over_seconds', 'How long hand-overs took until they were decided, summed up.', {}, 0.001],
  sessionsTakenOver: ['sessions_taken_over', 'Relay sessions that this node took over from a draining one.'],
  passwordsRefused: ['passwords_refused', 'Passwords not checked because the queue was full.'],
  mailsSent: ['mails_sent', 'Mails to users that the next server accepted.'],
  mailsFailed: ['mails_failed', 'Mails to users that could not be sent.'],
  joinQuestionsAllowed: ['join_questions', ASKED, { outcome: 'allowed' }],
  joinQuestionsRefused: ['join_questions', ASKED, { outcome: 'refused' }],
  joinQuestionsTimedOut: ['join_questions', ASKED, { outcome: 'timeout' }],
  joinQuestionsFailed: ['join_questions', ASKED, { outcome: 'failed' }],
  joinQuestionsFull: ['join_questions', ASKED, { outcome: 'full' }],
  joinQuestionsAbandoned: ['join_questions', ASKED, { outcome: 'abandoned' }],
  webhooksDelivered: ['webhooks', WEBHOOKS, { outcome: 'delivered' }],
  webhooksRetried: ['webhooks', WEBHOOKS, { outcome: 'retried' }],
  webhooksDead: ['webhooks', WEBHOOKS, { outcome: 'dead' }],
  webhooksEvicted: ['webhooks', WEBHOOKS, { outcome: 'evicted' }],
  webhooksOrphaned: ['webhooks', WEBHOOKS, { outcome: 'orphaned' }],
  deadLettersDropped: ['webhook_dead_letters_dropped', 'Dead letters removed for room or age.'],
  busEnvelopesOut: ['bus_envelopes_out', 'Envelopes sent to other nodes.'],
  busMessagesOut: ['bus_messages_out', 'Messages sent to other nodes; an envelope holds those of one turn.'],
  busBytesOut: ['bus_bytes_out', 'Bytes sent to other nodes.'],
  busEnvelopesIn: ['bus_envelopes_in', "Envelopes received over the bus, this node's own beats included."],
  busBytesIn: ['bus_bytes_in', 'Bytes received over the bus.'],
  busLosses: ['bus_losses', 'Times that envelopes of another node were missing, or that it was silent or came back.'],
  busMalformed: ['bus_malformed', 'Envelopes that could not be read.'],
  linkSegmentsOut: ['link_segments', 'Segments sent to homes and satellites: one per node and turn.'],
  linkSegmentsResent: ['link_segments_resent', 'Segments sent again because no confirmation came in time.'],
  linksBroken: ['links_broken', 'Links to homes and satellites that began anew; their sockets were closed with 4201.'],
  framesForwarded: ['frames_forwarded', 'Frames of sockets here that went to the home on another node.'],
  bytesForwarded: ['bytes_forwarded', 'Bytes of these frames.'],
  eventsDispatched: ['events_dispatched', 'Events carried on from the feed to the logs and the webhooks.'],
  eventsDropped: ['events_dropped', 'Events that the feed dropped because it was full. Webhooks never hear of them.'],
  framesNotForwarded: ['frames_not_forwarded', 'Frames refused because the home on another node did not keep up.'],
  eventReadersRefused: ['event_readers_refused', 'Readers of events refused because too many were there.'],
  eventStreamsCut: ['event_streams_cut', 'Streams of events closed because their client did not read.'],
};

/** Values are read at scrape time, so counting costs one addition. */
export function exposeTallies(tallies: Tallies, prefix: string, registry: Registry): void {
  for (const [name, help, parts] of countersOf(tallies)) {
    const counter: Counter = new Counter({
      name: `${prefix}${name}_total`,
      help,
      labelNames: Object.keys(parts[0]?.labels ?? {}),
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const { labels, read } of parts) counter.inc({ ...labels }, read());
      },
    });
  }
}

/** The part of a counter that has these labels. */
interface Part {
  readonly labels: Labels;
  readonly read: () => number;
}

function countersOf(tallies: Tallies): [name: string, help: string, parts: Part[]][] {
  const counters = new Map<string, [name: string, help: string, parts: Part[]]>();
  for (const field of keysOf(TALLY_TEXTS)) {
    const [name, help, labels = {}, unit = 1] = TALLY_TEXTS[field];
    const counter = counters.get(name) ?? [name, help, []];
    counter[2].push({ labels, read: () => tallies[field] * unit });
    counters.set(name, counter);
  }
  return [...counters.values()];
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys;
}
