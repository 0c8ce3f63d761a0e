/**
 * Finds out which rights the connection's ACL user lacks, so that an operator reads their names and not the error of
 * some call. It asks at each connection, after a call was refused for a right, and each second while one is missing.
 */
import type { Log } from '../../ports/log.js';
import { lacksRight } from './failures.js';
import { asList, asText } from './replies.js';

const ASK_AGAIN_MS = 1_000;
const ACTION = 'Give the user the rights that docs/OPERATIONS.md lists.';

export interface RightsOptions {
  readonly log: Log;
  /** Replies the commands that scripts may not run for this user. */
  readonly refusedInScripts: () => Promise<unknown>;
  /** Commands that the link sends outside of scripts, by name. Each rejects when the user may not run it. */
  readonly plain: Readonly<Record<string, () => Promise<unknown>>>;
  /** One key of each kind; see keys.ts. */
  readonly kinds: readonly string[];
  /** Names the key to the server without using it. Rejects when the user may not use it. */
  readonly name: (key: string) => Promise<unknown>;
  readonly onMissing: (reason: string) => void;
  /** Called when no right is missing any more. */
  readonly onComplete: () => void;
}

export class Rights {
  readonly #options: RightsOptions;
  #missing: string | null = null;
  #isChecking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RightsOptions) {
    this.#options = options;
  }

  /** The names of the missing rights, as a reason; null while none is known to be missing. */
  get missing(): string | null {
    return this.#missing;
  }

  /** Asks now, unless it is asking already. */
  check(): void {
    clearTimeout(this.#timer);
    if (this.#isChecking) return;
    this.#isChecking = true;
    // A server that does not answer says nothing about rights.
    const checking = this.#checkOnce().finally(() => {
      this.#isChecking = false;
    });
    checking.catch(() => undefined);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #checkOnce(): Promise<void> {
    const { plain, kinds, name } = this.#options;
    const [inScripts, ofLink, keys] = await Promise.all([
      this.#inScripts(),
      refusedOf(Object.entries(plain)),
      refusedOf(kinds.map((key) => [patternOf(key), () => name(key)])),
    ]);
    const commands = [...new Set([...inScripts, ...ofLink])].sort();
    // Without the right to run a script at all, each key is refused as well.
    this.#conclude(commands, commands.includes('eval') ? [] : keys);
  }

  async #inScripts(): Promise<readonly string[]> {
    const names = await this.#options.refusedInScripts().catch(() => []);
    return asList(names).map((name) => asText(name).toLowerCase());
  }

  #conclude(commands: readonly string[], keys: readonly string[]): void {
    const { log, onMissing, onComplete } = this.#options;
    const before = this.#missing;
    if (commands.length + keys.length === 0) {
      this.#missing = null;
      if (before !== null) onComplete();
      return;
    }
    const lists = [listed('commands', commands), listed('keys', keys)].filter((text) => text !== '');
    this.#missing = `NOPERM: the user of the connection has no right to the ${lists.join(' and the ')}`;
    if (this.#missing !== before) {
      const fields = { engine: 'redis', commands: commands.join(' '), keys: keys.join(' '), action: ACTION };
      log.error('store_rights_missing', new Error(this.#missing), fields);
      onMissing(this.#missing);
    }
    this.#timer = setTimeout(() => {
      this.check();
    }, ASK_AGAIN_MS);
    this.#timer.unref();
  }
}

async function refusedOf(trials: readonly (readonly [string, () => Promise<unknown>])[]): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    trials.map(async ([name, attempt]) =>
      attempt().then(
        () => [],
        (error: unknown) => (lacksRight(error) ? [name] : []),
      ),
    ),
  );
  return outcomes.flat();
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${what} ${names.join(', ')}`;
}

/** The key as the pattern of an ACL rule. */
function patternOf(key: string): string {
  return key.replace(/any.*$/, '*');
}
