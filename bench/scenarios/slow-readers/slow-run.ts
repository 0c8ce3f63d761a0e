/** One run of the scenario slow-readers, with or without the stall: the traffic, who stalls when, and what came of it. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLASS } from '../../../src/protocol/wire.js';
import { Histogram } from '../../measure/histogram.js';
import { Pacer } from '../../load/pacer.js';
import { Crowd, type Room } from '../../members/crowd.js';
import { MemoryWatch, scrape, StrainWatch } from '../../measure/gateway-figures.js';
import type { Player, PlayerEvents } from '../../members/player.js';
import { randomOf, shuffled, type Random } from '../../measure/random.js';
import type { RunningGateway } from '../../processes/gateway.js';
import { judge, type SlowResult } from './slow-verdict.js';
import { MIXES, type Mix } from './traffic-mix.js';

export interface SlowPlan {
  readonly clients: number;
  readonly roomsOf: number;
  /** How many stop reading: the first of as many rooms, which are the busy ones. */
  readonly slow: number;
  readonly payloadBytes: number;
  /** Messages a second of each busy room, and of each other one. */
  readonly busyRate: number;
  readonly calmRate: number;
  readonly warmUpS: number;
  readonly stallS: number;
  readonly afterS: number;
  readonly seed: number;
}

const START_IN_MS = 100;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;
/** Before the stall, so that what a scrape costs is not in its figures. */
const SCRAPE_MS = 500;
const SLOW_CONSUMER = 4101;
/** A close of this range asks for a pause with jitter before the next connection. */
const BACK_OFF_MS = 250;

/** Rooms that send alike: the clock of all their senders. */
interface Stream {
  readonly pacer: Pacer;
  readonly planned: number;
  sent: number;
}

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

  async measure({ url, key, pid }: RunningGateway): Promise<SlowResult> {
    const { clients, roomsOf, payloadBytes, warmUpS, stallS, afterS } = this.plan;
    const crowd = await Crowd.gather({ url, key, clients, roomsOf, payloadBytes, wantsAcks: false }, this);
    const busy = crowd.rooms.slice(0, this.plan.slow);
    this.slow = new Set(busy.flatMap(({ players }) => players.slice(0, 1)));
    const calm = crowd.rooms.slice(this.plan.slow);
    this.streams = [this.stream(busy, this.plan.busyRate), this.stream(calm, this.plan.calmRate)];
    const startMs = performance.now() + START_IN_MS;
    const stallMs = startMs + warmUpS * MS_PER_S;
    const readMs = stallMs + stallS * MS_PER_S;
    this.readAgainMs = readMs;
    for (const { pacer } of this.streams) pacer.start(startMs, stallMs);
    const ticks = setInterval(() => this.onRead(), 1);
    const memory = new MemoryWatch(pid);
    await until(stallMs - SCRAPE_MS);
    const strainWatch = await StrainWatch.begin({ url, pid });
    await until(stallMs);
    const watching = memory.run();
    if (this.isStalling) for (const player of this.slow) player.stopReading();
    await until(readMs);
    for (const player of this.slow) player.readAgain();
    const strain = await strainWatch.end();
    await until(readMs + afterS * MS_PER_S);
    while (this.streams.some(({ sent, planned }) => sent < planned)) await pause(1);
    clearInterval(ticks);
    await crowd.settle();
    memory.stop();
    await watching;
    const counters = await scrape(url);
    crowd.stop();
    return judge(crowd, this.slow, {
      planned: this.streams.reduce((sum, { planned }) => sum + planned, 0),
      latencyUs: this.latencyUs,
      lagUs: this.streams.map(({ pacer }) => pacer.lagUs.quantile(0.99)),
      peakBytes: memory.peakBytes,
      strain,
      closed: this.closed,
      counters,
      problems: [...this.problems],
    });
  }

  /** What is due is sent before what was read is looked at. */
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

  /** Everybody of these rooms but the slow ones sends at its place of the period, and in its turn of each class. */
  private stream(rooms: readonly Room[], ratePerRoom: number): Stream {
    const senders = rooms.flatMap(({ players }, place) =>
      players.filter((player) => !this.slow.has(player)).map((player) => ({ player, mix: mixOf(place) })),
    );
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
      sender?.player.relay(sender.mix[turn % sender.mix.length] ?? CLASS.reliable, dueMs);
      stream.sent += 1;
    });
    const stream: Stream = { pacer, planned, sent: 0 };
    return stream;
  }
}

/** Every second room sends mostly reliable messages: more than may wait for a slow reader. */
function mixOf(place: number): Mix {
  return place % 2 === 0 ? MIXES.mostlyReliable : MIXES.mixed;
}

function until(atMs: number): Promise<void> {
  return pause(Math.max(0, atMs - performance.now()));
}
