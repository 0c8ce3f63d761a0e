/** What came of one run of the scenario slow-readers, and which promises it breaks. */
import { CLASS } from '../../../src/protocol/wire.js';
import type { Histogram } from '../../measure/histogram.js';
import type { Crowd, Room } from '../../members/crowd.js';
import type { Strain } from '../../measure/gateway-figures.js';
import type { Player } from '../../members/player.js';
import type { Flaws } from '../../book/receipts.js';

export interface SlowObserved {
  readonly planned: number;
  readonly latencyUs: Readonly<Record<'others' | 'roommates' | 'bystanders' | 'after', Histogram>>;
  readonly lagUs: readonly number[];
  readonly peakBytes: number;
  readonly strain: Strain;
  readonly closed: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

export interface SlowResult {
  readonly planned: number;
  readonly sent: number;
  /** Of what was due during the stall; `after`: of what was due later, while slow readers catch up. */
  readonly p99Ms: Readonly<Record<'others' | 'roommates' | 'bystanders' | 'after', number>>;
  readonly p50Ms: { readonly others: number };
  readonly lagP99Ms: number;
  readonly peakBytes: number;
  /** During the stall. */
  readonly strain: Strain;
  /** Closes of slow sockets with 4101; each came back. */
  readonly closed: number;
  readonly slow: {
    readonly reliable: number;
    readonly gaps: number;
    readonly namedByGaps: number;
    /** Values of class latest whose newest message a slow reader did not have at the end. */
    readonly stale: number;
  };
  /** Volatile and latest entries that those who read did not get, and how many of these there were for them. */
  readonly missedByOthers: number;
  readonly dueToOthers: number;
  readonly fellBehind: number;
  readonly volatileDropped: number;
  readonly latestConflated: number;
  readonly disorderedRooms: number;
  readonly flaws: Flaws;
  readonly problems: readonly string[];
}

const US_PER_MS = 1_000;

export function judge(crowd: Crowd, slow: ReadonlySet<Player>, observed: SlowObserved): SlowResult {
  const others = crowd.players.filter((player) => !slow.has(player));
  const dueToOthers = crowd.rooms.reduce((sum, room) => sum + unreliableDue(room, slow), 0);
  const { latencyUs, lagUs, counters, planned, peakBytes, strain, closed, problems } = observed;
  const slowOnes = [...slow];
  const inMs = (share: number, of: keyof typeof latencyUs): number => latencyUs[of].quantile(share) / US_PER_MS;
  return {
    planned,
    sent: crowd.sent(CLASS.volatile) + crowd.sent(CLASS.latest) + crowd.sent(CLASS.reliable),
    p99Ms: {
      others: inMs(0.99, 'others'),
      roommates: inMs(0.99, 'roommates'),
      bystanders: inMs(0.99, 'bystanders'),
      after: inMs(0.99, 'after'),
    },
    p50Ms: { others: inMs(0.5, 'others') },
    lagP99Ms: Math.max(...lagUs) / US_PER_MS,
    peakBytes,
    strain,
    closed,
    slow: {
      reliable: slowOnes.reduce((sum, { receipts }) => sum + receipts.received[CLASS.reliable], 0),
      gaps: slowOnes.reduce((sum, { receipts }) => sum + receipts.gaps, 0),
      namedByGaps: slowOnes.reduce((sum, { receipts }) => sum + receipts.named, 0),
      stale: staleOf(crowd, slow),
    },
    missedByOthers: dueToOthers - unreliableOf(others),
    dueToOthers,
    fellBehind: counters.get('fell_behind_total') ?? 0,
    volatileDropped: counters.get('volatile_dropped_total') ?? 0,
    latestConflated: counters.get('latest_conflated_total') ?? 0,
    disorderedRooms: crowd.disorderedRooms(),
    flaws: crowd.flaws(),
    problems,
  };
}

/** Correctness: what holds on every machine, however busy. */
export function brokenBy(result: SlowResult, isStalling: boolean, slow: number): string[] {
  const { flaws, planned, sent, problems } = result;
  const counted = result.volatileDropped + result.latestConflated;
  const rules: readonly (readonly [isKept: boolean, otherwise: string])[] = [
    [sent === planned, `${sent} of ${planned} messages were sent`],
    [Object.values(flaws).every((count) => count === 0), `delivery was not exact: ${JSON.stringify(flaws)}`],
    [result.disorderedRooms === 0, `${result.disorderedRooms} rooms numbered a sender's messages out of order`],
    [
      result.missedByOthers <= counted,
      `those who read missed ${result.missedByOthers} entries, ${counted} were counted`,
    ],
    [result.slow.stale === 0, `${result.slow.stale} newest values never reached a slow reader`],
    [!isStalling || result.fellBehind >= slow, `only ${result.fellBehind} of ${slow} slow readers fell behind`],
    [isStalling || result.closed + result.slow.gaps === 0, `${result.closed} closes, though everybody read`],
    [problems.length === 0, problems.slice(0, 5).join('; ')],
  ];
  return rules.flatMap(([isKept, otherwise]) => (isKept ? [] : [otherwise]));
}

/** Entries of the classes that may fall, for all of the room who read. */
function unreliableDue({ players }: Room, slow: ReadonlySet<Player>): number {
  const sentBy = (player: Player): number => player.sent[CLASS.volatile] + player.sent[CLASS.latest];
  const sent = players.reduce((sum, player) => sum + sentBy(player), 0);
  return players.reduce((sum, player) => sum + (slow.has(player) ? 0 : sent - sentBy(player)), 0);
}

function unreliableOf(players: readonly Player[]): number {
  return players.reduce(
    (sum, { receipts }) => sum + receipts.received[CLASS.volatile] + receipts.received[CLASS.latest],
    0,
  );
}

/** Messages go on for a while after everybody reads again, so the last of each sender has to be everywhere. */
function staleOf(crowd: Crowd, slow: ReadonlySet<Player>): number {
  let stale = 0;
  for (const { players } of crowd.rooms) {
    for (const player of players) {
      if (!slow.has(player)) continue;
      const behind = players.filter((other) => {
        return player.receipts.newestOf(CLASS.latest, other.index) !== other.sent[CLASS.latest] && other !== player;
      });
      stale += behind.length;
    }
  }
  return stale;
}
