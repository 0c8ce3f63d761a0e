/**
 * Caches store answers about keys for a short time; concurrent lookups of one key share one store call. A key removed
 * on another node stays valid for at most that time. `drop` forgets a key at once.
 */
import type { KeyId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { ApiKeyRecord } from '../ports/key-store.js';

/** One object per lookup, so an answer can tell whether its lookup is still current. */
interface Question {
  readonly answer: Promise<ApiKeyRecord | null>;
}

interface Remembered {
  readonly record: ApiKeyRecord | null;
  readonly untilMs: number;
}

export interface KeyCacheOptions {
  readonly clock: Clock;
  /** How long an answer is valid, counted from when the store was asked. */
  readonly ttlMs: number;
  /** At this size the oldest answer is dropped. */
  readonly maxKeys: number;
  /** Asks the store. */
  readonly ask: (id: KeyId) => Promise<ApiKeyRecord | null>;
}

export class KeyCache {
  private readonly answers = new Map<KeyId, Remembered>();
  private readonly questions = new Map<KeyId, Question>();

  constructor(private readonly options: KeyCacheOptions) {}

  /** Rejects as the store does; a rejection is not cached. */
  find(id: KeyId): Promise<ApiKeyRecord | null> {
    const known = this.answers.get(id);
    if (known !== undefined && known.untilMs > this.options.clock.monotonicMs()) return Promise.resolve(known.record);
    const question = this.questions.get(id) ?? this.ask(id);
    return question.answer;
  }

  /** Forgets the key. An answer still under way is not cached. */
  drop(id: KeyId): void {
    this.answers.delete(id);
    this.questions.delete(id);
  }

  private ask(id: KeyId): Question {
    const untilMs = this.options.clock.monotonicMs() + this.options.ttlMs;
    const question: Question = {
      answer: this.options.ask(id).then(
        (record) => {
          if (this.settle(id, question)) this.remember(id, { record, untilMs });
          return record;
        },
        (error: unknown) => {
          this.settle(id, question);
          throw error;
        },
      ),
    };
    this.questions.set(id, question);
    return question;
  }

  /** False when the lookup was dropped in the meantime. */
  private settle(id: KeyId, question: Question): boolean {
    return this.questions.get(id) === question && this.questions.delete(id);
  }

  private remember(id: KeyId, answer: Remembered): void {
    this.answers.delete(id);
    this.answers.set(id, answer);
    if (this.answers.size <= this.options.maxKeys) return;
    for (const oldest of this.answers.keys()) {
      this.answers.delete(oldest);
      return;
    }
  }
}
