/** One attacker beside a session of two players: how the attack affects the players and the event loop. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CLASS } from '../../src/protocol/wire.js';
import { scrape } from '../measure/scrape.js';
import { Crowd } from '../members/crowd.js';
import type { PlayerEvents } from '../members/player.js';
import { demand } from '../processes/changes.js';
import { WorkerProcess } from '../processes/worker-process.js';
import { Backend } from '../rest/backend.js';
import { openSessions, type Seats } from '../rest/seats.js';

const report = z.object({ frames: z.int(), closes: z.int() });

export interface Felt extends z.output<typeof report> {
  /** The latency of each message between the players. */
  readonly tookMs: readonly number[];
  readonly lagP99Ms: number;
}

const ATTACKER = fileURLToPath(new URL('./attacker-process.js', import.meta.url));
const PLAY_EVERY_MS = 10;
const PAYLOAD_BYTES = 32;
const MS_PER_S = 1000;
const ANSWER_MS = 5_000;

export class Attack implements PlayerEvents {
  private tookMs: number[] = [];
  private readonly problems: string[] = [];
  /** A process of its own, so that an attack takes no time of this one. */
  private readonly attacker = new WorkerProcess(ATTACKER, report, null);

  private constructor(
    private readonly url: string,
    private readonly seats: Seats,
  ) {}

  static async prepare(url: string, key: string): Promise<{ readonly attack: Attack; readonly crowd: Crowd }> {
    const attack = new Attack(url, await openSessions(new Backend(url, key), { clients: 1, roomsOf: 1 }));
    const plan = { url, key, clients: 2, roomsOf: 2, payloadBytes: PAYLOAD_BYTES, wantsAcks: false };
    return { attack, crowd: await Crowd.gather(plan, attack) };
  }

  /** With an attacker who sends these frames in turn; without an attacker when there are none. */
  async watch(crowd: Crowd, seconds: number, frames: readonly string[]): Promise<Felt> {
    this.tookMs = [];
    if (frames.length > 0) this.order(frames);
    await scrape(this.url);
    for (let n = 0; n < (seconds * MS_PER_S) / PLAY_EVERY_MS; n += 1) {
      crowd.players[0]?.relay(CLASS.volatile, performance.now());
      await pause(PLAY_EVERY_MS);
    }
    const lagS = (await scrape(this.url)).get('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN;
    this.order([]);
    demand(this.problems.length === 0, this.problems.join('; '));
    return { tookMs: this.tookMs, lagP99Ms: lagS * MS_PER_S, ...(await this.attacker.next(ANSWER_MS)) };
  }

  end(): void {
    this.attacker.kill();
  }

  onTimed(_receiver: unknown, dueMs: number): void {
    this.tookMs.push(performance.now() - dueMs);
  }

  onClosed(_player: unknown, code: number, why: string): void {
    this.problems.push(`a player was closed: ${code} ${why}`);
  }

  onProblem(what: string): void {
    this.problems.push(what);
  }

  private order(frames: readonly string[]): void {
    const { endpoints, handshakes } = this.seats;
    this.attacker.send({ endpoint: endpoints[0], handshake: handshakes[0], frames });
  }
}
