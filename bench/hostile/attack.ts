/** One attacker beside a session of two players: what the players, and the event loop, feel of the attack. */
import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CLASS } from '../../src/protocol/wire.js';
import { scrape } from '../measure/gateway-figures.js';
import { Crowd } from '../members/crowd.js';
import type { PlayerEvents } from '../members/player.js';
import { Backend } from '../rest/backend.js';
import { openSessions } from '../rest/seats.js';

export interface Felt {
  /** The latency of each message of the session beside. */
  readonly tookMs: readonly number[];
  readonly lagP99Ms: number;
  /** How many frames the attacker sent, and how often it was closed. */
  readonly frames: number;
  readonly closes: number;
}

const ATTACKER = fileURLToPath(new URL('./attacker-process.js', import.meta.url));
const PLAY_EVERY_MS = 10;
const PAYLOAD_BYTES = 32;
const MS_PER_S = 1000;

const report = z.object({ frames: z.int(), closes: z.int() });

export class Attack implements PlayerEvents {
  private tookMs: number[] = [];
  private readonly problems: string[] = [];

  /** The attacker has a process of its own, so that an attack costs nobody else's time. */
  private constructor(
    private readonly url: string,
    private readonly attacker: ChildProcess,
  ) {}

  static async prepare(url: string, key: string): Promise<{ readonly attack: Attack; readonly crowd: Crowd }> {
    const seats = await openSessions(new Backend(url, key), { clients: 1, roomsOf: 1 });
    const attack = new Attack(url, fork(ATTACKER, [JSON.stringify(seats.endpoints[0]), seats.handshakes[0] ?? '']));
    const plan = { url, key, clients: 2, roomsOf: 2, payloadBytes: PAYLOAD_BYTES, wantsAcks: false };
    return { attack, crowd: await Crowd.gather(plan, attack) };
  }

  /** With an attacker who sends these frames in turn; without an attacker when there are none. */
  async watch(crowd: Crowd, seconds: number, frames: readonly string[]): Promise<Felt> {
    this.tookMs = [];
    if (frames.length > 0) this.attacker.send(frames);
    await scrape(this.url);
    for (let n = 0; n < (seconds * MS_PER_S) / PLAY_EVERY_MS; n += 1) {
      crowd.players[0]?.relay(CLASS.volatile, performance.now());
      await pause(PLAY_EVERY_MS);
    }
    const lagS = (await scrape(this.url)).get('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN;
    const done = once(this.attacker, 'message');
    this.attacker.send([]);
    if (this.problems.length > 0) throw new Error(this.problems.join('; '));
    return { tookMs: this.tookMs, lagP99Ms: lagS * MS_PER_S, ...report.parse((await done)[0]) };
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
}
