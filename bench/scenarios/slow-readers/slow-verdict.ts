/** The result of one run of the scenario slow-readers, and the rules that it breaks. */
import { CLASS } from '../../../src/protocol/wire.js';
import { brokenOf } from '../../cli/scenario.js';
import type { Histogram } from '../../measure/histogram.js';
import { sumOf } from '../../measure/statistics.js';
import type { Crowd, Room } from '../../members/crowd.js';
import type { Player } from '../../members/player.js';

type Receivers = 'others' | 'roommates' | 'bystanders' | 'after';

/** Shares of the time watched. */
export interface Strain {
  readonly gatewayCpu: number;
  readonly loadCpu: number;
  /** How long gateway or load waited for a core: it shows how busy the machine is otherwise. */
  readonly waited: number;
  /** How long the gateway's garbage collector held it up. */
  readonly gatewayGc: number;
}

export interface SlowObserved {
  readonly planned: number;
  /** Of messages that were due during the stall; `after`: of later ones, while slow readers catch up. */
  readonly latencyUs: Readonly<Record<Receivers, Histogram>>;
  readonly lagUs: readonly number[];
  readonly peakBytes: number;
  /** During the stall. */
  readonly strain: Strain;
  /** Closes of slow sockets with 4101. Each came back. */
  readonly closed: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

export type SlowResult = ReturnType<typeof judge>;

const US_PER_MS = 1_000;

export function judge(crowd: Crowd, slow: ReadonlySet<Player>, observed: SlowObserved) {
  const { latencyUs, lagUs, counters, planned, peakBytes, strain, closed, problems } = observed;
  const readers = crowd.players.filter((player) => !slow.has(player));
  const dueToOthers = sumOf(crowd.rooms, (room) => unreliableDue(room, slow));
  const gotByOthers = sumOf(
    readers,
    ({ receipts }) => receipts.received[CLASS.volatile] + receipts.received[CLASS.latest],
  );
  const ms = (share: number, of: Receivers): number => latencyUs[of].quantile(share) / US_PER_MS;
  return {
    planned,
    sent: crowd.sent(CLASS.volatile) + crowd.sent(CLASS.latest) + crowd.sent(CLASS.reliable),
    p99Ms: {
      others: ms(0.99, 'others'),
      roommates: ms(0.99, 'roommates'),
      bystanders: ms(0.99, 'bystanders'),
      after: ms(0.99, 'after'),
    },
    p50Ms: { others: ms(0.5, 'others') },
    lagP99Ms: Math.max(...lagUs) / US_PER_MS,
    peakBytes,
    strain,
    closed,
    slow: {
      reliable: sumOf(slow, ({ receipts }) => receipts.received[CLASS.reliable]),
      gaps: sumOf(slow, ({ receipts }) => receipts.gaps),
      namedByGaps: sumOf(slow, ({ receipts }) => receipts.named),
      /** Values of class latest whose newest message a slow reader did not have at the end. */
      stale: sumOf(crowd.rooms, (room) => staleIn(room, slow)),
    },
    /** Volatile and latest entries that readers did not get, of how many. */
    missedByOthers: dueToOthers - gotByOthers,
    dueToOthers,
    fellBehind: counters.get('fell_behind_total') ?? 0,
    volatileDropped: counters.get('volatile_dropped_total') ?? 0,
    latestConflated: counters.get('latest_conflated_total') ?? 0,
    disorderedRooms: crowd.disorderedRooms(),
    flaws: crowd.flaws(),
    problems,
  };
}

/** Correctness: it holds on every machine, however busy. */
export function brokenBy(result: SlowResult, isStalling: boolean, slow: number): string[] {
  const { flaws, planned, sent, problems, missedByOthers, fellBehind, closed } = result;
  const counted = result.volatileDropped + result.latestConflated;
  return brokenOf([
    [sent === planned, `${sent} of ${planned} messages were sent`],
    [Object.values(flaws).every((count) => count === 0), `delivery was not exact: ${JSON.stringify(flaws)}`],
    [result.disorderedRooms === 0, `${result.disorderedRooms} rooms numbered a sender's messages out of order`],
    [missedByOthers <= counted, `readers missed ${missedByOthers} entries, the gateway counted ${counted}`],
    [result.slow.stale === 0, `${result.slow.stale} newest values never reached a slow reader`],
    [!isStalling || fellBehind >= slow, `only ${fellBehind} of ${slow} slow readers fell behind`],
    [isStalling || closed + result.slow.gaps === 0, `${closed} closes, though all players read`],
    [problems.length === 0, problems.slice(0, 5).join('; ')],
  ]);
}

/** Volatile and latest entries for all readers of the room. */
function unreliableDue({ players }: Room, slow: ReadonlySet<Player>): number {
  const sentBy = (player: Player): number => player.sent[CLASS.volatile] + player.sent[CLASS.latest];
  const sent = sumOf(players, sentBy);
  return sumOf(players, (player) => (slow.has(player) ? 0 : sent - sentBy(player)));
}

/** Messages go on for a while after all read again, so each sender's last one must reach everybody. */
function staleIn({ players }: Room, slow: ReadonlySet<Player>): number {
  const isStale = (player: Player, other: Player): boolean =>
    other !== player && player.receipts.newestOf(CLASS.latest, other.index) !== other.sent[CLASS.latest];
  const slowOnes = players.filter((player) => slow.has(player));
  return sumOf(slowOnes, (player) => players.filter((other) => isStale(player, other)).length);
}
