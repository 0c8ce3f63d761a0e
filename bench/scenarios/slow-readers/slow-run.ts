/** One run of the scenario slow-readers, with or without the stall: its traffic, the players that stall, and its result. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLASS, type DeliveryClass } from '../../../src/protocol/wire.js';
import { Pacer } from '../../load/pacer.js';
import { BusyWatch } from '../../measure/busy-watch.js';
import { Histogram } from '../../measure/histogram.js';
import { watchPeak } from '../../measure/memory.js';
import { randomOf, shuffled, type Random } from '../../measure/random.js';
import { scrape } from '../../measure/scrape.js';
import { sumOf } from '../../measure/statistics.js';
import { Crowd, type Room } from '../../members/crowd.js';
import type { Player, PlayerEvents } from '../../members/player.js';
import { untilTime } from '../../processes/changes.js';
import type { RunningGateway } from '../../processes/gateway.js';

export interface SlowPlan {
  readonly clients: number;
  readonly roomsOf: number;
  /** How many players stop reading: the first of each busy room. There are as many busy rooms. */
  readonly slow: number;
  readonly payloadBytes: number;
  /** Messages a second of each busy room, and of each calm one. */
  readonly busyRate: number;
  readonly calmRate: number;
  readonly warmUpS: number;
  readonly stallS: number;
  readonly afterS: number;
  readonly seed: number;
}

const { volatile: V, latest: L, reliable: R } = CLASS;
/** The classes of a sender's messages, in turns. Too many reliable messages wait for the slow reader of the first. */
const MOSTLY_RELIABLE: readonly DeliveryClass[] = [R, R, V, R, R, R, R, L, R, R];
const MIXED: readonly DeliveryClass[] = [V, L, V, L, R, V, L, V, L, R];

const START_IN_MS = 100;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;
/** A scrape so long before the stall does not show in its figures. */
const SCRAPE_MS = 500;
const SLOW_CONSUMER = 4101;
/** A client waits with jitter before it reconnects after such a close. */
const BACK_OFF_MS = 250;

/** Rooms that send alike: the clock of all their senders. */
interface Stream {
  readonly pacer: Pacer;
  readonly planned: number;
  sent: number;
}

export type SlowResult = Awaited<ReturnType<SlowRun['measure']>>;

export class SlowRun implements PlayerEvents {
  private readonly latencyUs = {
    others: new Histogram(),
    roommates: new Histogram(),
    bystanders: new Histogram(),
    after: new Histogram(),
  };
  private readonly problems = new Set<string>();
  private readonly random: Random;
  private streams: readonly Stream[] = [];
  private slow: ReadonlySet<Player> = new Set();
  private nowMs = 0;
  private readAgainMs = 0;
  private closed = 0;

  constructor(
    private readonly plan: SlowPlan,
    private readonly isStalling: boolean,
  ) {
    this.random = randomOf(plan.seed);
  }

  async measure({ url, key, pid }: RunningGateway) {
    const { clients, roomsOf, payloadBytes, warmUpS, stallS, afterS } = this.plan;
    const crowd = await Crowd.gather({ url, key, clients, roomsOf, payloadBytes, wantsAcks: false }, this);
    const busy = crowd.rooms.slice(0, this.plan.slow);
    this.slow = new Set(busy.flatMap(({ players }) => players.slice(0, 1)));
    const calm = crowd.rooms.slice(this.plan.slow);
    this.streams = [this.stream(busy, this.plan.busyRate), this.stream(calm, this.plan.calmRate)];
    const startMs = performance.now() + START_IN_MS;
    const stallMs = startMs + warmUpS * MS_PER_S;
    this.readAgainMs = stallMs + stallS * MS_PER_S;
    for (const { pacer } of this.streams) pacer.start(startMs, stallMs);
    const ticks = setInterval(() => this.onRead(), 1);
    await untilTime(stallMs - SCRAPE_MS);
    const strainOf = await watchStrain(url, pid);
    await untilTime(stallMs);
    const peak = watchPeak(pid);
    if (this.isStalling) for (const player of this.slow) player.stopReading();
    await untilTime(this.readAgainMs);
    for (const player of this.slow) player.readAgain();
    const strain = await strainOf();
    await untilTime(this.readAgainMs + afterS * MS_PER_S);
    while (this.streams.some(({ sent, planned }) => sent < planned)) await pause(1);
    clearInterval(ticks);
    await crowd.settle();
    const peakBytes = peak();
    const counters = await scrape(url);
    crowd.stop();
    return this.result(crowd, peakBytes, strain, counters);
  }

  /** The players send what is due before they look at what they have read. */
  onRead(): void {
    this.nowMs = performance.now();
    for (const { pacer, sent, planned } of this.streams) if (sent < planned) pacer.tick(this.nowMs);
  }

  onTimed(player: Player, dueMs: number): void {
    if (this.slow.has(player)) return;
    const isRoommate = player.plan.id < this.plan.slow * this.plan.roomsOf;
    const tookUs = (this.nowMs - dueMs) * US_PER_MS;
    if (dueMs >= this.readAgainMs) {
      this.latencyUs.after.record(tookUs);
      return;
    }
    this.latencyUs.others.record(tookUs);
    this.latencyUs[isRoommate ? 'roommates' : 'bystanders'].record(tookUs);
  }

  onClosed(player: Player, code: number, why: string): void {
    if (!this.slow.has(player) || code !== SLOW_CONSUMER) {
      this.problems.add(`player ${player.plan.id} was closed: ${code} ${why}`);
      return;
    }
    this.closed += 1;
    setTimeout(() => player.connect(), BACK_OFF_MS * (1 + this.random()));
  }

  onProblem(what: string): void {
    this.problems.add(what);
  }

  private result(crowd: Crowd, peakBytes: number, strain: Strain, counters: ReadonlyMap<string, number>) {
    const { latencyUs, slow, streams, closed, problems } = this;
    const readers = crowd.players.filter((player) => !slow.has(player));
    const dueToOthers = sumOf(crowd.rooms, (room) => unreliableDue(room, slow));
    const gotByOthers = sumOf(
      readers,
      ({ receipts }) => receipts.received[CLASS.volatile] + receipts.received[CLASS.latest],
    );
    const ms = (share: number, of: keyof typeof latencyUs): number => latencyUs[of].quantile(share) / US_PER_MS;
    return {
      planned: sumOf(streams, ({ planned }) => planned),
      sent: crowd.sent(CLASS.volatile) + crowd.sent(CLASS.latest) + crowd.sent(CLASS.reliable),
      /** For messages that were due during the stall; `after`: for later ones, while slow readers catch up. */
      p99Ms: {
        others: ms(0.99, 'others'),
        roommates: ms(0.99, 'roommates'),
        bystanders: ms(0.99, 'bystanders'),
        after: ms(0.99, 'after'),
      },
      p50Ms: { others: ms(0.5, 'others') },
      lagP99Ms: Math.max(...streams.map(({ pacer }) => pacer.lagUs.quantile(0.99))) / US_PER_MS,
      peakBytes,
      strain,
      /** Closes of slow sockets with 4101. Each came back. */
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
      problems: [...problems],
    };
  }

  /** All players of these rooms but the slow ones send, each at its phase of the period. Every second room is mixed. */
  private stream(rooms: readonly Room[], ratePerRoom: number): Stream {
    const senders = rooms.flatMap(({ players }, place) => {
      const mix = place % 2 === 0 ? MOSTLY_RELIABLE : MIXED;
      return players.filter((player) => !this.slow.has(player)).map((player) => ({ player, mix }));
    });
    const { warmUpS, stallS, afterS } = this.plan;
    const planned = Math.floor(ratePerRoom * rooms.length * (warmUpS + stallS + afterS));
    const turns = new Uint32Array(senders.length);
    const order = shuffled([...senders.keys()], this.random);
    const rate = senders.length === 0 ? 1 : (ratePerRoom * rooms.length) / senders.length;
    const pacer = new Pacer(order, rate, (at, dueMs) => {
      if (stream.sent === planned) return;
      const sender = senders[at];
      const turn = turns[at] ?? 0;
      turns[at] = turn + 1;
      sender?.player.relay(sender.mix[turn % sender.mix.length] ?? R, dueMs);
      stream.sent += 1;
    });
    const stream: Stream = { pacer, planned, sent: 0 };
    return stream;
  }
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

/** Shares of the time watched. `waited`: gateway or load waited for a core. `gatewayGc`: its collector held it up. */
type Strain = Readonly<Record<'gatewayCpu' | 'loadCpu' | 'waited' | 'gatewayGc', number>>;

/** Starts to watch. The result ends that. */
async function watchStrain(url: string, pid: number): Promise<() => Promise<Strain>> {
  const gcS = async (): Promise<number> =>
    sumOf(await scrape(url), ([name, value]) => (name.startsWith('nodejs_gc_duration_seconds_sum') ? value : 0));
  const fromS = await gcS();
  const startMs = performance.now();
  const watch = new BusyWatch({ pid });
  return async () => {
    const seconds = (performance.now() - startMs) / MS_PER_S;
    const { serverBusy, loadBusy, waited } = watch.read(1, seconds);
    return { gatewayCpu: serverBusy ?? 0, loadCpu: loadBusy, waited, gatewayGc: ((await gcS()) - fromS) / seconds };
  };
}
