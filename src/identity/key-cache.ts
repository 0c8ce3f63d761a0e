/**
 * Remembers what the store said of a key for a moment, and lets concurrent questions about one key share one answer.
 * A key that was removed on another node is good for at most that moment more; `drop` forgets at once.
 */
import type { KeyId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { ApiKeyRecord } from '../ports/key-store.js';

/** An object of its own for each question, so that an answer can tell whether it is still waited for. */
interface Question {
  readonly answer: Promise<ApiKeyRecord | null>;
}

interface Remembered {
  readonly record: ApiKeyRecord | null;
  readonly untilMs: number;
}

export interface KeyCacheOptions {
  readonly clock: Clock;
  /** How long an answer counts, from the moment the store was asked. */
  readonly ttlMs: number;
  /** Beyond this the oldest answer is forgotten. */
  readonly maxKeys: number;
  /** Asks the store. */
  readonly ask: (id: KeyId) => Promise<ApiKeyRecord | null>;
}

export class KeyCache {
  private readonly answers = new Map<KeyId, Remembered>();
  private readonly questions = new Map<KeyId, Question>();

  constructor(private readonly options: KeyCacheOptions) {}

  /** Rejects as the store does; a rejection is not remembered. */
  find(id: KeyId): Promise<ApiKeyRecord | null> {
    const known = this.answers.get(id);
    if (known !== undefined && known.untilMs > this.options.clock.monotonicMs()) return Promise.resolve(known.record);
    const question = this.questions.get(id) ?? this.ask(id);
    return question.answer;
  }

  /** Forgets the key; an answer that is still on its way will not be remembered. */
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

  /** False when the question was dropped meanwhile. */
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
