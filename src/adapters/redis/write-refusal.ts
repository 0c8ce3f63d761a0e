/**
 * Remembers that Redis refused to serve this node, and tries again beside the keys where it did: an answer for one key
 * says nothing about another server of a cluster, and a heartbeat that succeeds says nothing about other keys.
 */

/** How often it tries again, in ms. Row F11 of the test matrix wants a recovery within 3 s. */
const TRY_EVERY_MS = 500;
/** A try for each place where Redis refused: on a cluster these are a few servers, and an outage needs no more. */
const MOST_PLACES = 16;

export interface WriteRefusalOptions {
  /** A key in the same hash slot as the given one. Places with the same such key are one place. */
  readonly placeOf: (key: string) => string;
  /** Writes something beside this key. Resolves with the reason of a refusal, or with null when the write is done. */
  readonly tryBeside: (key: string) => Promise<string | null>;
  readonly onRefused: (reason: string) => void;
  /** Called when Redis takes writes again wherever it refused one. */
  readonly onTaken: () => void;
}

interface Refusal {
  readonly key: string;
  readonly reason: string;
}

export class WriteRefusal {
  readonly #options: WriteRefusalOptions;
  readonly #refusals = new Map<string, Refusal>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WriteRefusalOptions) {
    this.#options = options;
  }

  /** Why Redis refuses; null while it is not known to. */
  get reason(): string | null {
    for (const { reason } of this.#refusals.values()) return reason;
    return null;
  }

  /** Call it for each refusal of a call whose first key is `key`. */
  note(key: string, reason: string): void {
    const place = this.#options.placeOf(key);
    if (!this.#refusals.has(place) && this.#refusals.size >= MOST_PLACES) return;
    const isNew = this.#refusals.size === 0;
    this.#refusals.set(place, { key, reason });
    if (!isNew) return;
    this.#options.onRefused(reason);
    this.#tryLater();
  }

  /** Tries now: call it when there is a new connection, because it may lead to another server. */
  tryNow(): void {
    if (this.#refusals.size === 0) return;
    clearTimeout(this.#timer);
    this.#tryAll().catch(() => undefined);
  }

  stop(): void {
    this.#refusals.clear();
    clearTimeout(this.#timer);
  }

  #tryLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#tryAll().catch(() => undefined);
    }, TRY_EVERY_MS);
    this.#timer.unref();
  }

  async #tryAll(): Promise<void> {
    await Promise.all([...this.#refusals].map(([place, refusal]) => this.#try(place, refusal)));
    if (this.#refusals.size > 0) this.#tryLater();
    else this.#options.onTaken();
  }

  async #try(place: string, { key, reason }: Refusal): Promise<void> {
    const still = await this.#options.tryBeside(key).catch(() => reason);
    // A call may have been refused for another reason meanwhile.
    if (this.#refusals.get(place)?.reason !== reason) return;
    if (still === null) this.#refusals.delete(place);
    else this.#refusals.set(place, { key, reason: still });
  }
}
