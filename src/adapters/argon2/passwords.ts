/**
 * Hashes passwords with argon2id on libuv's thread pool: a few at once, the rest in a bounded queue. A hash keeps a core
 * busy, so one core stays free for the event loop.
 */
import { hash, verify } from '@node-rs/argon2';
import { prepareOpaque } from '../../lib/opaque-string.js';
import { Failure } from '../../protocol/failure.js';
import type { Tallies } from '../../ports/metrics.js';
import type { Passwords } from '../../ports/passwords.js';

export interface Argon2PasswordsOptions {
  /** The most that run at once; each takes a pool thread and 19 MiB. With few cores fewer run: never one on each. */
  readonly concurrency: number;
  /** The cores that this process can use. */
  readonly cores: number;
  readonly tallies: Pick<Tallies, 'passwordsRefused'>;
}

export interface Argon2Passwords extends Passwords {
  /** Number of calls in the queue. */
  waiting(): number;
}

/** OWASP's first recommendation for argon2id; the package's default algorithm is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Costs as much as a real hash; made from random bytes that were not kept. */
export const DECOY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$wjGbpyKWZvXB5HYUkX/DxA$pbavfj/6HEzodIh+2Mk7quvpxGfXPj/OoZkHZL1TC3I';
/** About one second of work: 32 rounds of 20 to 40 ms each. */
const LINE_PER_TURN = 32;

export function createArgon2Passwords({ concurrency, cores, tallies }: Argon2PasswordsOptions): Argon2Passwords {
  const atOnce = Math.max(1, Math.min(concurrency, cores - 1));
  // The queue is as long as on a machine with more cores: a wait is better than a refusal.
  const line = new Line(atOnce, concurrency * LINE_PER_TURN, tallies);
  return {
    hash: (password) => line.run(() => hash(prepareOpaque(password) ?? password, COST)),
    matches: (phc, password) =>
      line.run(async () => {
        for (const form of formsOf(password)) if (await verify(phc ?? DECOY_HASH, form)) return phc !== null;
        return false;
      }),
    waiting: () => line.waiting,
  };
}

/** Prepared, then as given: hashes of older versions were made of passwords as they were given. */
function formsOf(password: string): ReadonlySet<string> {
  return new Set([prepareOpaque(password) ?? password, password]);
}

/** First come, first served. */
class Line {
  private running = 0;
  private readonly turns: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
    private readonly tallies: Argon2PasswordsOptions['tallies'],
  ) {}

  get waiting(): number {
    return this.turns.length;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.maxRunning) await this.turn();
    else this.running += 1;
    try {
      return await work();
    } finally {
      this.next();
    }
  }

  private turn(): Promise<void> {
    if (this.turns.length >= this.maxWaiting) {
      this.tallies.passwordsRefused += 1;
      throw new Failure('too_many_requests', {
        message: 'Too many passwords are being checked; try again later.',
      });
    }
    return new Promise((resolve) => this.turns.push(resolve));
  }

  /** Hands the slot directly to the next waiting call, so that a new call cannot overtake it. */
  private next(): void {
    const turn = this.turns.shift();
    if (turn === undefined) this.running -= 1;
    else turn();
  }
}
