/**
 * Gathers the questions of one turn of the event loop, and asks them together. An answer belongs to the question in the
 * same place. When the call fails, every question of the turn fails with it.
 */
export class TurnBatch<Question, Answer> {
  readonly #ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #most: number;
  #waiting: Waiting<Question, Answer>[] = [];

  /** `most`: the most questions of one call. */
  constructor(ask: (questions: readonly Question[]) => Promise<readonly Answer[]>, most: number) {
    this.#ask = ask;
    this.#most = most;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#waiting.length > 1) return;
      setImmediate(() => {
        const all = this.#waiting;
        this.#waiting = [];
        for (let at = 0; at < all.length; at += this.#most) this.#send(all.slice(at, at + this.#most));
      });
    });
  }

  #send(some: readonly Waiting<Question, Answer>[]): void {
    this.#ask(some.map(({ question }) => question)).then(
      (answers) => {
        for (const [at, { resolve, reject }] of some.entries()) {
          const answer = answers[at];
          if (answer === undefined) reject(new Error('a question got no answer'));
          else resolve(answer);
        }
      },
      (error: unknown) => {
        for (const { reject } of some) reject(error);
      },
    );
  }
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
