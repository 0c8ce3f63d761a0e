/**
 * Checks the format version of the stored data, which has its own key (docs/adr/0014). The first program on an empty
 * Redis writes the version. A program that finds another version leaves the data alone and asks again every second.
 */
import type { Log } from '../../ports/log.js';
import { reasonOf } from './connect.js';
import { isReply } from './failures.js';
import { asText } from './replies.js';

/**
 * The version that this program reads and writes. Raise it with every change that makes new data unreadable for an
 * older program, or old data unreadable for this one. Digits only, because scripts contain it.
 */
export const STORE_FORMAT = '2';

/** The format script's reply for data without a version, written by a program from before the first release. */
const NO_VERSION = 'none';
const ASK_AGAIN_MS = 1_000;
const ACTION =
  'Run the version of Sallyport that wrote the data, use another SALLYPORT_REDIS_PREFIX, or delete the data of this prefix.';

export interface StoredFormatOptions {
  readonly log: Log;
  /** The version of this program. */
  readonly expected: string;
  /** Whether there is data, with or without a version. */
  readonly hasData: () => Promise<boolean>;
  /** Runs lua/format.lua. */
  readonly readOrWrite: (version: string, hasData: boolean) => Promise<unknown>;
  readonly onAccepted: () => void;
  /** Called with the reason when the data has another format, and when Redis answers with an error. */
  readonly onRefused: (reason: string) => void;
}

export class StoredFormat {
  readonly #options: StoredFormatOptions;
  #isOurs = false;
  #refusal: string | null = null;
  /** The version that was logged last; null after the data became usable again. */
  #logged: string | null = null;
  /** Counts connections: an answer over an earlier connection says nothing about the server of this one. */
  #connection = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StoredFormatOptions) {
    this.#options = options;
  }

  /** Whether the data of this connection's server may be read and written. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** A message that the data has another format; null while the format is this program's or unknown. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /**
   * Asks now, and then every second until the data has this program's format. Writes the version when Redis is empty.
   * Rejects when Redis does not answer.
   */
  async check(): Promise<void> {
    const connection = this.#connection;
    clearTimeout(this.#timer);
    const { expected, hasData, readOrWrite } = this.#options;
    try {
      // Data that had our format keeps it when the version key is lost: only nodes with this format have written since.
      const found = asText(await readOrWrite(expected, !this.#isOurs && (await hasData())));
      if (connection !== this.#connection) return;
      if (found === expected) this.#accept();
      else this.refuse(found);
    } catch (error) {
      if (connection !== this.#connection) return;
      if (!isReply(error)) throw error;
      if (this.#isOurs) return;
      this.#options.onRefused(reasonOf(error));
      this.#askAgain();
    }
  }

  /** Called when a script finds another version: stops all use of the data. */
  refuse(found: string): void {
    const { expected, log } = this.#options;
    const reason = `store_format_unsupported: ${describe(found)}, and this version of Sallyport uses format ${expected}`;
    if (this.#logged !== found) {
      const fields = { engine: 'redis', found: shown(found), expected, action: ACTION };
      log.error('store_format_unsupported', new Error(reason), fields);
    }
    this.#logged = found;
    this.#isOurs = false;
    if (this.#refusal !== reason) this.#options.onRefused(reason);
    this.#refusal = reason;
    this.#askAgain();
  }

  /** Called when the connection is lost: the next one may lead to another server, so the format is unknown. */
  forget(): void {
    this.#isOurs = false;
    this.#refusal = null;
    this.#connection += 1;
    clearTimeout(this.#timer);
  }

  #accept(): void {
    this.#isOurs = true;
    this.#refusal = null;
    this.#logged = null;
    this.#options.onAccepted();
  }

  #askAgain(): void {
    clearTimeout(this.#timer);
    // The link handles a connection that does not answer: it calls `forget`, or `check` once it has reconnected.
    this.#timer = setTimeout(() => void this.check().catch(() => this.#askAgain()), ASK_AGAIN_MS);
    this.#timer.unref();
  }
}

function describe(found: string): string {
  return found === NO_VERSION
    ? 'the data in Redis has no format version'
    : `the data in Redis has format ${shown(found)}`;
}

/** Hides text that does not look like a version: another program may have written the key. */
function shown(found: string): string {
  return found === NO_VERSION || /^[0-9]{1,9}$/.test(found) ? found : 'unknown';
}
