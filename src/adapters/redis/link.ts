/**
 * The connection for commands. Nothing waits for a connection and nothing is sent twice. A call ends in at most
 * `CALL_DEADLINE_MS` (fail fast, so that callers can answer 503):
 * - with Redis' reply;
 * - with `store_unavailable`: nothing of it is done, and nothing will be. It was not sent, Redis refused it, or it was a read;
 * - with `outcome_unknown`: it was sent, and no reply came. It may be done, or be done until its deadline at Redis, which
 *   is before the call ends unless the connection broke.
 */
import { createHash } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Operation, Operations } from '../../ports/operations.js';
import type { StoreHealth } from '../../ports/store.js';
import type { Failure } from '../../protocol/failure.js';
import { connectTo, isTimeout, reasonOf, within } from './connect.js';
import {
  isReply,
  isReplyOf,
  refusedWrites,
  toFailure,
  unavailable,
  unknownOutcome,
  unusable,
  wasNotSent,
} from './failures.js';
import { StoredFormat } from './format.js';
import type { Keys } from './keys.js';
import { Outage } from './outage.js';
import { asList } from './replies.js';
import type { Effect, Script, Scripts, ScriptText } from './script.js';
import { ServerTime } from './server-time.js';

/** Before the command timeout, whatever the estimate of the server's clock is off by: nobody is told no and then served. */
const RUN_WITHIN_MS = 950;
/** Above the command timeout: a script that has to be sent again, a redirection within a cluster. */
const CALL_DEADLINE_MS = 1_150;
const STOP_DEADLINE_MS = 500;
/** A repeat under the same Idempotency-Key comes within a day; and some, for the first try itself. */
const ONCE_KEPT_MS = 25 * 60 * 60 * 1000;
/** The one operation that writes each time it is run: its success says that Redis takes writes again. */
const WRITES_ARE_TAKEN = 'nodes.heartbeat';

export interface LinkOptions {
  readonly url: string;
  readonly log: Log;
  /** Called once for each call that failed. */
  readonly onFailure: (operation: string) => void;
  /** Tests move time: then scripts are told it. Otherwise they ask the server. */
  readonly clock: Clock | null;
  readonly keys: Keys;
  readonly scripts: Scripts;
  /** The version of the stored data's format; see format.ts. */
  readonly format: string;
  readonly operations: Pick<Operations, 'current'>;
}

export type Argument = string | number;

/** Commands that change nothing. What changes something is a script, because a command has no deadline at the server. */
export type ReadCommand = 'GET' | 'HGET' | 'HMGET' | 'HGETALL' | 'HVALS';

export class RedisLink {
  readonly isCluster: boolean;
  readonly #client: Redis | Cluster;
  readonly #options: LinkOptions;
  readonly #serverTime: ServerTime;
  readonly #outage: Outage;
  readonly #format: StoredFormat;
  #isStopped = false;
  #lastError = 'not connected yet';
  /** Redis stopped answering calls on this connection. */
  #isStalled = false;
  /** Why Redis takes no writes; null: it takes them, as far as is known. */
  #refusesWrites: string | null = null;
  /** Calls that were sent and have not ended. */
  #inFlight = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    const client = connectTo(options.url);
    this.#client = client;
    this.isCluster = client instanceof Cluster;
    this.#outage = new Outage(options.log, { engine: 'redis', cluster: this.isCluster });
    this.#serverTime = new ServerTime(() => Promise.all(this.#masters().map(timeOf)));
    this.#format = new StoredFormat({
      log: options.log,
      expected: options.format,
      hasData: () => this.#hasData(),
      readOrWrite: (version, hasData) =>
        this.#send(options.scripts.format, [options.keys.format], [version, hasData ? '1' : '0']),
      onAccepted: () => this.#onUsable(),
      onRefused: (reason) => this.#onRefused(reason),
    });
    client.on('ready', () => this.#onReady());
    client.on('close', () => this.#onLost());
    client.on('error', (error: unknown) => {
      this.#lastError = reasonOf(error);
    });
    if (client instanceof Cluster) {
      client.on('node error', (error: unknown) => {
        this.#lastError = reasonOf(error);
      });
    }
  }

  start(): void {
    // ioredis goes on trying by itself; what it says here was heard by the listeners.
    this.#client.connect().catch(() => undefined);
  }

  /** Not ok while Redis can't be asked, and while it refuses writes. */
  health(): StoreHealth {
    if (!this.#usable()) return { ok: false, reason: `redis: ${this.#format.refusal ?? this.#lastError}` };
    return this.#refusesWrites === null ? { ok: true } : { ok: false, reason: `redis: ${this.#refusesWrites}` };
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#outage.stop();
    this.#format.forget();
    if (this.#client.status === 'ready') {
      await within(STOP_DEADLINE_MS, this.#client.quit()).catch(() => undefined);
    }
    this.#client.disconnect();
  }

  /** Runs a script over keys of one hash tag. In an operation with an id, a repeat of a change gets its first reply. */
  async run(operation: string, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return (await this.runOnce(operation, script, keys, args)).reply;
  }

  /** The same; says also whether the reply is the first one of a change that was made before. */
  async runOnce(
    operation: string,
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<{ readonly reply: unknown; readonly isRepeat: boolean }> {
    const running = script.effect === 'change' ? this.#options.operations.current() : null;
    if (running?.id == null || script.once === null) {
      const reply = await this.#script(operation, script.effect, running, script, keys, args);
      return { reply, isRepeat: false };
    }
    const first = keys[0] ?? '';
    const kept = this.#options.keys.onceDone(
      first,
      digestOf(`${running.id}:${running.nameStep(`${script.name} ${first}`)}`),
    );
    const all = [...args, ONCE_KEPT_MS];
    const [repeat, reply = null] = asList(
      await this.#script(operation, script.effect, running, script.once, [...keys, kept], all),
    );
    return { reply, isRepeat: repeat === '1' };
  }

  /** Runs one command that changes nothing. */
  read(operation: string, name: ReadCommand, ...args: readonly Argument[]): Promise<unknown> {
    return this.#call(operation, 'read', null, () => {
      this.#gather();
      return this.#client.call(name, ...args);
    });
  }

  #script(
    operation: string,
    effect: Effect,
    running: Operation | null,
    script: ScriptText,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<unknown> {
    return this.#call(operation, effect, running, () => this.#send(script, keys, args));
  }

  async #send(script: ScriptText, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const nowMs = this.#options.clock?.nowMs() ?? 0;
    const until = this.#serverTime.after(RUN_WITHIN_MS);
    const count = script.isGuarded ? keys.length + 1 : keys.length;
    const format = script.isGuarded ? [this.#options.keys.format] : [];
    const all = [...keys, ...format, nowMs, until, ...args];
    const endMs = performance.now() + CALL_DEADLINE_MS;
    this.#gather();
    try {
      return await this.#client.evalsha(script.sha1, count, ...all);
    } catch (error) {
      if (!isReplyOf(error, 'NOSCRIPT')) throw error;
      return within(endMs - performance.now(), this.#client.eval(script.text, count, ...all));
    }
  }

  async #call(
    operation: string,
    effect: Effect,
    running: Operation | null,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    if (!this.#usable()) {
      this.#countFailure(operation);
      throw this.#unusable() ?? unavailable(new Error(this.#lastError));
    }
    this.#inFlight += 1;
    try {
      // A single server's answers have a deadline as commands; a cluster may redirect a call, each time with a new one.
      const reply = await (this.isCluster ? within(CALL_DEADLINE_MS, send()) : send());
      this.#isStalled = false;
      if (operation === WRITES_ARE_TAKEN) this.#onHeartbeat();
      running?.noteChange();
      return reply;
    } catch (error) {
      throw this.#failed(operation, effect, running, error);
    } finally {
      this.#inFlight -= 1;
      this.#giveUpStalled();
    }
  }

  #failed(operation: string, effect: Effect, running: Operation | null, error: unknown): Failure {
    this.#countFailure(operation);
    if (isTimeout(error)) this.#onStall();
    if (isReplyOf(error, 'LATE')) this.#serverTime.measure().catch(() => undefined);
    if (isReplyOf(error, 'FORMAT')) {
      this.#format.refuse(error.message.slice('FORMAT '.length));
      return this.#unusable() ?? toFailure(error);
    }
    const refusal = refusedWrites(error);
    if (refusal !== null) this.#onWritesRefused(refusal);
    const failure = toFailure(error);
    if (failure.code === 'internal') running?.noteChange();
    if (effect !== 'change' || failure.code !== 'store_unavailable' || isReply(error) || wasNotSent(error))
      return failure;
    running?.noteChange();
    return unknownOutcome(error);
  }

  /** Sends the calls of one turn of the event loop in one write. Under load this saves a fifth of a call's CPU time. */
  #gather(): void {
    if (this.#client instanceof Cluster) return;
    const { stream } = this.#client;
    if (stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => {
      stream.uncork();
    });
  }

  /**
   * Redis stopped answering while the connection stands: later calls are refused at once. Those that are under way wait for
   * their own deadline, because Redis may wake and serve them. (A cluster's other nodes may well answer: there, calls time
   * out one by one.)
   */
  #onStall(): void {
    if (this.#client instanceof Cluster || !this.#usable()) return;
    this.#isStalled = true;
    this.#lastError = 'it stopped answering';
    this.#outage.begin(this.#lastError);
  }

  /** Nobody waits for this connection any more, and it does not answer: a new one is made. */
  #giveUpStalled(): void {
    if (!this.#isStalled || this.#inFlight > 0 || this.#client instanceof Cluster) return;
    // Not disconnect(): that says goodbye first, and waits for the answer.
    if (this.#client.status === 'ready') this.#client.stream.destroy();
  }

  #unusable(): Failure | null {
    const { refusal } = this.#format;
    return refusal === null ? null : unusable(refusal);
  }

  /** One call for each key: on a cluster they are in several slots. */
  async #hasData(): Promise<boolean> {
    const counts = await Promise.all(this.#options.keys.traces.map((key) => this.#client.exists(key)));
    return counts.some((count) => count > 0);
  }

  #usable(): boolean {
    return this.#client.status === 'ready' && !this.#isStalled && this.#serverTime.isKnown && this.#format.isOurs;
  }

  #onReady(): void {
    this.#isStalled = false;
    this.#serverTime
      .measure()
      .then(() => (this.#serverTime.isKnown ? this.#format.check() : undefined))
      .catch((error: unknown) => {
        this.#lastError = reasonOf(error);
        this.#client.disconnect(true);
      });
    for (const node of this.#masters()) {
      // Spares the first calls a NOSCRIPT; those recover by themselves, so a failure here costs nothing.
      for (const script of Object.values(this.#options.scripts))
        node.script('LOAD', script.text).catch(() => undefined);
    }
  }

  #onUsable(): void {
    if (this.#usable() && this.#refusesWrites === null) this.#outage.end();
  }

  #onWritesRefused(reason: string): void {
    if (this.#refusesWrites === null) this.#outage.begin(reason);
    this.#refusesWrites = reason;
  }

  #onHeartbeat(): void {
    this.#onWritesTaken();
    // A cluster's scripts cannot see the format of the data: see lua/format-guard.lua.
    if (this.isCluster) this.#format.check().catch(() => undefined);
  }

  #onRefused(reason: string): void {
    this.#lastError = reason;
    this.#outage.begin(reason);
  }

  #onWritesTaken(): void {
    if (this.#refusesWrites === null) return;
    this.#refusesWrites = null;
    this.#onUsable();
  }

  #onLost(): void {
    this.#serverTime.forget();
    this.#format.forget();
    if (!this.#isStopped) this.#outage.begin(this.#lastError);
  }

  #countFailure(operation: string): void {
    this.#outage.countFailedCall();
    this.#options.onFailure(operation);
  }

  #masters(): readonly Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
  }
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}

/** null when this server does not tell. */
async function timeOf(node: Redis): Promise<unknown> {
  return node.time().catch(() => null);
}
