import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac, hkdfSync } from 'node:crypto';
import type { Crypto } from '../../ports/crypto.js';
import type { Operation, Operations } from '../../ports/operations.js';

/**
 * Operations that follow a call through its awaits. On Node 20 and 22 this slows down every promise of the process, so
 * it is on only while an operation runs.
 */
export function createOperations(secret: string): Operations {
  const key = Buffer.from(hkdfSync('sha256', secret, 'sallyport', 'operations/hmac-sha256/1', 32));
  const storage = new AsyncLocalStorage<RunningOperation>();
  let running = 0;
  return {
    async run(id, work) {
      const operation = new RunningOperation(id, key);
      running += 1;
      try {
        return await storage.run(operation, () => work(operation));
      } finally {
        operation.isOver = true;
        running -= 1;
        if (running === 0) storage.disable();
      }
    },
    current() {
      const operation = storage.getStore();
      return operation === undefined || operation.isOver ? null : operation;
    },
  };
}

/**
 * Randomness that an operation's repeat reproduces. Outside an operation, or without an operation id, the given
 * crypto's own randomness.
 */
export function withOperations(crypto: Crypto, operations: Pick<Operations, 'current'>): Crypto {
  return {
    ...crypto,
    randomBytes(count) {
      const operation = operations.current();
      return operation?.id == null ? crypto.randomBytes(count) : operation.randomBytes(count);
    },
  };
}

const BLOCK_BYTES = 32;

class RunningOperation implements Operation {
  isOver = false;
  mayHaveChanged = false;
  private readonly steps = new Map<string, number>();
  private blocks = 0;

  constructor(
    readonly id: string | null,
    private readonly key: Buffer,
  ) {}

  noteChange(): void {
    this.mayHaveChanged = true;
  }

  nameStep(kind: string): string {
    const before = this.steps.get(kind) ?? 0;
    this.steps.set(kind, before + 1);
    return `${kind}#${String(before)}`;
  }

  /** Each block is an HMAC over the operation's id and the block number. */
  randomBytes(count: number): Uint8Array {
    if (this.id === null) throw new TypeError('an operation without an id has no repeatable bytes');
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += BLOCK_BYTES) {
      const block = createHmac('sha256', this.key)
        .update(`${this.id} ${String(this.blocks)}`)
        .digest();
      this.blocks += 1;
      bytes.set(block.subarray(0, count - at), at);
    }
    return bytes;
  }
}
