/** One attacker beside a session of players: what these, and the event loop, feel of it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CLASS } from '../../src/protocol/wire.js';
import { Backend } from '../rest/backend.js';
import { GameClient } from '../game-client.js';
import { scrape } from '../measure/gateway-figures.js';

export interface Felt {
  /** From sending to hearing, of each message of the session beside. */
  readonly tookMs: readonly number[];
  readonly lagP99Ms: number;
  /** Counts of what the attacker sent, and of how often it was closed. */
  readonly frames: number;
  readonly closes: number;
}

const ATTACKER = fileURLToPath(new URL('./attacker-process.js', import.meta.url));
const PLAY_EVERY_MS = 10;
const PING_BYTES = 32;
const MS_PER_S = 1000;

const report = z.object({ frames: z.int(), closes: z.int() });

export class Attack {
  private tookMs: number[] = [];

  private constructor(
    private readonly url: string,
    private readonly player: GameClient,
    private readonly other: GameClient,
    /** On its own: what it costs to attack is nobody else's time. */
    private readonly attacker: ChildProcess,
  ) {
    other.listen({
      onEntry: ({ payload }, atMs) => {
        this.tookMs.push(atMs - Buffer.from(payload).readDoubleLE(0));
      },
      onAck: () => undefined,
    });
  }

  static async prepare(url: string, key: string): Promise<Attack> {
    const backend = new Backend(url, key);
    const link = `${url.replace('http', 'ws')}/v1/connect`;
    const ours = pairsOf(await backend.createSession(['127.0.0.1', '127.0.0.1']));
    const [theirs = ''] = pairsOf(await backend.createSession(['127.0.0.1']));
    const player = await GameClient.join('player', link, ours[0] ?? '');
    const other = await GameClient.join('other', link, ours[1] ?? '');
    return new Attack(url, player, other, fork(ATTACKER, [link, theirs]));
  }

  /** With an attacker who sends these frames in turn; without one when there are none. */
  async watch(seconds: number, frames: readonly string[]): Promise<Felt> {
    this.tookMs = [];
    if (frames.length > 0) this.attacker.send(frames);
    await scrape(this.url);
    for (let n = 0; n < (seconds * MS_PER_S) / PLAY_EVERY_MS; n += 1) {
      this.play();
      await pause(PLAY_EVERY_MS);
    }
    const lagS = (await scrape(this.url)).get('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN;
    const done = once(this.attacker, 'message');
    this.attacker.send([]);
    return { tookMs: this.tookMs, lagP99Ms: lagS * MS_PER_S, ...report.parse((await done)[0]) };
  }

  end(): void {
    this.player.drop();
    this.other.drop();
    this.attacker.kill();
  }

  private play(): void {
    const payload = Buffer.alloc(PING_BYTES);
    payload.writeDoubleLE(performance.now(), 0);
    this.player.relay({ deliveryClass: CLASS.volatile, payload });
  }
}

function pairsOf(session: Awaited<ReturnType<Backend['createSession']>>): readonly string[] {
  const { session_id: id, authorization_token: token, session_users: users } = session;
  return users.map((user) => `${id}.${token}.${user.authorization_token}`);
}
