import type { Log } from '../../ports/log.js';

/** The program that main.ts runs, whatever the command asks for. */
export interface Program {
  readonly log: Log;
  /** Resolves when it serves. Rejects when it cannot. */
  start(): Promise<void>;
  /** Ends in order. Resolves with the exit code. Idempotent. */
  stop(): Promise<number>;
  /** Ends other processes that it started, at once. The caller exits after that. */
  kill(): void;
}
