/** One run of the scenario jitter: it drops and reconnects the players, lets them talk, and counts what arrived. */
import { CLASS } from '../../../src/protocol/wire.js';
import { Histogram } from '../../measure/histogram.js';
import { randomOf, type Random } from '../../measure/random.js';
import { scrape } from '../../measure/scrape.js';
import { sumOf } from '../../measure/statistics.js';
import { Crowd } from '../../members/crowd.js';
import type { Player, PlayerEvents } from '../../members/player.js';
import { untilTime } from '../../processes/changes.js';

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

export type JitterResult = Awaited<ReturnType<JitterRun['measure']>>;

const PAYLOAD_BYTES = 64;
const START_IN_MS = 100;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;

export class JitterRun implements PlayerEvents {
  private readonly returnUs = new Histogram();
  private readonly problems = new Set<string>();
  private readonly drops = { cut: 0, silent: 0 };
  /** Each client drops once in each whole period. */
  private readonly dropsOfEach: number;

  constructor(private readonly plan: JitterPlan) {
    this.dropsOfEach = Math.floor(plan.seconds / plan.everyS);
  }

  async measure({ url, key }: { readonly url: string; readonly key: string }) {
    const { clients, roomsOf, rate, seconds, seed } = this.plan;
    const gathering = { url, key, clients, roomsOf, payloadBytes: PAYLOAD_BYTES, wantsAcks: true };
    const crowd = await Crowd.gather(gathering, this);
    const { players, rooms } = crowd;
    const random = randomOf(seed);
    const startMs = performance.now() + START_IN_MS;
    await Promise.all(
      players.flatMap((player) => [this.jitter(player, startMs, random), this.talk(player, startMs, random)]),
    );
    await crowd.settle();
    const counters = await scrape(url);
    crowd.stop();
    const accepted = sumOf(rooms, ({ numbering }) => numbering.last);
    const ms = (share: number): number => this.returnUs.quantile(share) / US_PER_MS;
    return {
      planned: { messages: clients * rate * seconds, drops: clients * this.dropsOfEach },
      messages: crowd.sent(CLASS.reliable),
      drops: this.drops,
      returns: this.returnUs.count,
      /** Messages that were numbered. The others died with their connection, before the gateway had them. */
      accepted,
      acked: sumOf(players, ({ acked }) => acked),
      due: accepted * (roomsOf - 1),
      delivered: sumOf(players, ({ receipts }) => receipts.received[CLASS.reliable]),
      replayed: counters.get('entries_replayed_total') ?? 0,
      gaps: sumOf(players, ({ receipts }) => receipts.gaps),
      disorderedRooms: crowd.disorderedRooms(),
      flaws: crowd.flaws(),
      replayMs: { p50: ms(0.5), p99: ms(0.99), max: ms(1) },
      problems: [...this.problems],
    };
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

  /** The player loses its connection at its own phase of each period. */
  private async jitter(player: Player, startMs: number, random: Random): Promise<void> {
    const { everyS, awayS, seconds } = this.plan;
    const phaseS = random() * everyS;
    for (let n = 0; n < this.dropsOfEach; n += 1) {
      const atMs = startMs + (phaseS + n * everyS) * MS_PER_S;
      await untilTime(Math.min(atMs, startMs + seconds * MS_PER_S));
      const how = random() < 0.5 ? 'cut' : 'silent';
      this.drops[how] += 1;
      player.loseLink(how);
      await untilTime(atMs + awayS * MS_PER_S);
      player.connect();
    }
  }

  /** Each message has its own time. One that is due while the player is away leaves when the player is back. */
  private async talk(player: Player, startMs: number, random: Random): Promise<void> {
    const { rate, seconds } = this.plan;
    const phase = random();
    for (let n = 0; n < rate * seconds; n += 1) {
      await untilTime(startMs + ((n + phase) / rate) * MS_PER_S);
      player.relay(CLASS.reliable, 0);
    }
  }
}
