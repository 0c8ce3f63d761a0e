/** One run of the scenario jitter: who drops when and how, who says what, and what came of it. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLASS } from '../../../src/protocol/wire.js';
import { Histogram } from '../../measure/histogram.js';
import { Crowd } from '../../members/crowd.js';
import { scrape } from '../../measure/gateway-figures.js';
import type { Player, PlayerEvents } from '../../members/player.js';
import { randomOf, type Random } from '../../measure/random.js';
import type { Flaws } from '../../book/receipts.js';
import type { RunningGateway } from '../../processes/gateway.js';

export interface JitterPlan {
  readonly clients: number;
  readonly roomsOf: number;
  readonly seconds: number;
  /** Reliable messages a second of each client. */
  readonly rate: number;
  readonly everyS: number;
  readonly awayS: number;
  readonly seed: number;
}

export interface JitterResult {
  readonly planned: { readonly messages: number; readonly drops: number };
  readonly messages: number;
  readonly drops: { readonly cut: number; readonly silent: number };
  readonly returns: number;
  /** Messages that were numbered; the others were lost with the connection they were sent on, before the gateway. */
  readonly accepted: number;
  readonly acked: number;
  readonly due: number;
  readonly delivered: number;
  readonly replayed: number;
  readonly gaps: number;
  readonly disorderedRooms: number;
  readonly flaws: Flaws;
  readonly replayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly problems: readonly string[];
}

const PAYLOAD_BYTES = 64;
const START_IN_MS = 100;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;

export class JitterRun implements PlayerEvents {
  private readonly returnUs = new Histogram();
  private readonly problems = new Set<string>();
  private readonly drops = { cut: 0, silent: 0 };

  constructor(private readonly plan: JitterPlan) {}

  async measure({ url, key }: Pick<RunningGateway, 'url' | 'key'>): Promise<JitterResult> {
    const { clients, roomsOf, seed } = this.plan;
    const gathering = { url, key, clients, roomsOf, payloadBytes: PAYLOAD_BYTES, wantsAcks: true };
    const crowd = await Crowd.gather(gathering, this);
    const random = randomOf(seed);
    const startMs = performance.now() + START_IN_MS;
    await Promise.all(
      crowd.players.flatMap((player) => [this.jitter(player, startMs, random), this.talk(player, startMs, random)]),
    );
    await crowd.settle();
    const counters = await scrape(url);
    crowd.stop();
    return this.result(crowd, counters);
  }

  onReturned(tookMs: number): void {
    this.returnUs.record(tookMs * US_PER_MS);
  }

  onClosed(player: Player, code: number, why: string): void {
    this.problems.add(`player ${player.plan.id} was closed: ${code} ${why}`);
  }

  onProblem(what: string): void {
    this.problems.add(what);
  }

  /** Loses its connection at its own phase of each period. */
  private async jitter(player: Player, startMs: number, random: Random): Promise<void> {
    const { everyS, awayS, seconds } = this.plan;
    const phaseS = random() * everyS;
    for (let n = 0; n < dropsOf(this.plan); n += 1) {
      const atMs = startMs + (phaseS + n * everyS) * MS_PER_S;
      await until(Math.min(atMs, startMs + seconds * MS_PER_S));
      const how = random() < 0.5 ? 'cut' : 'silent';
      this.drops[how] += 1;
      player.loseLink(how);
      await until(atMs + awayS * MS_PER_S);
      player.connect();
    }
  }

  /** Each message has its own time; one that is due while the player is away leaves when it is back. */
  private async talk(player: Player, startMs: number, random: Random): Promise<void> {
    const { rate, seconds } = this.plan;
    const phase = random();
    for (let n = 0; n < rate * seconds; n += 1) {
      await until(startMs + ((n + phase) / rate) * MS_PER_S);
      player.relay(CLASS.reliable, 0);
    }
  }

  private result(crowd: Crowd, counters: ReadonlyMap<string, number>): JitterResult {
    const { plan, returnUs, drops, problems } = this;
    const { rooms, players } = crowd;
    const accepted = rooms.reduce((sum, { numbering }) => sum + numbering.last, 0);
    const inMs = (share: number): number => returnUs.quantile(share) / US_PER_MS;
    return {
      planned: { messages: plan.clients * plan.rate * plan.seconds, drops: plan.clients * dropsOf(plan) },
      messages: crowd.sent(CLASS.reliable),
      drops,
      returns: returnUs.count,
      accepted,
      acked: players.reduce((sum, { acked }) => sum + acked, 0),
      due: accepted * (plan.roomsOf - 1),
      delivered: players.reduce((sum, { receipts }) => sum + receipts.received[CLASS.reliable], 0),
      replayed: counters.get('entries_replayed_total') ?? 0,
      gaps: players.reduce((sum, { receipts }) => sum + receipts.gaps, 0),
      disorderedRooms: crowd.disorderedRooms(),
      flaws: crowd.flaws(),
      replayMs: { p50: inMs(0.5), p99: inMs(0.99), max: inMs(1) },
      problems: [...problems],
    };
  }
}

/** How often each client drops: once in each whole period. */
function dropsOf({ seconds, everyS }: JitterPlan): number {
  return Math.floor(seconds / everyS);
}

function until(atMs: number): Promise<void> {
  return pause(Math.max(0, atMs - performance.now()));
}
