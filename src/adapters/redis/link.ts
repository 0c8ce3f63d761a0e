/**
 * The connection for commands. No call waits for a connection, and no call is sent twice. A call ends within
 * `CALL_DEADLINE_MS`, so that callers can soon answer 503. It ends in one of three ways:
 * - with Redis' reply;
 * - with `store_unavailable`: the call changed nothing and never will. It was not sent, Redis refused it, or it was a
 *   read;
 * - with `outcome_unknown`: the call was sent and got no reply. Redis may have carried it out, or may still do so until
 *   the script's deadline. That deadline passes before the call ends, unless the connection broke.
 */
import { createHash } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Operation, Operations } from '../../ports/operations.js';
import type { StoreHealth } from '../../ports/store.js';
import type { Failure } from '../../protocol/failure.js';
import { connectTo, isTimeout, keepConnecting, reasonOf, within } from './connect.js';
import {
  isReply,
  isReplyOf,
  lacksRight,
  refusalIn,
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
import { Rights } from './rights.js';
import type { Effect, Script, Scripts, ScriptText } from './script.js';
import { ServerTime } from './server-time.js';
import { WriteRefusal } from './write-refusal.js';

/** Ends before the command timeout even with the error of the clock estimate, so that no refused call runs later. */
const RUN_WITHIN_MS = 950;
/** Longer than the command timeout: a script may have to be sent again, or a cluster may redirect the call. */
const CALL_DEADLINE_MS = 1_150;
const STOP_DEADLINE_MS = 500;
/** A repeat under the same Idempotency-Key may come for a day; the extra hour covers the first try itself. */
const ONCE_KEPT_MS = 25 * 60 * 60 * 1000;
/** Every node calls it all the time, so that a node without traffic notices what its Redis refuses. */
const HEARTBEAT = 'nodes.heartbeat';
/** A connection that is not ready by then leads to a server that loads its data, or that hangs. */
const ASK_WHETHER_LOADING_AFTER_MS = 100;

export interface LinkOptions {
  readonly url: string;
  readonly log: Log;
  /** Called once for each call that failed. */
  readonly onFailure: (operation: string) => void;
  /** Called once for each call that was sent, when it ends. */
  readonly onCalled: (operation: string, tookMs: number) => void;
  /** For tests that move time: scripts get the time from this clock. With null, scripts ask the server. */
  readonly clock: Clock | null;
  readonly keys: Keys;
  readonly scripts: Scripts;
  /** The version of the stored data's format; see format.ts. */
  readonly format: string;
  readonly operations: Pick<Operations, 'current'>;
  /** Called after each call that may have written events, with the key of their feed. */
  readonly onFed?: (feed: string) => void;
}

export type Argument = string | number | Buffer;

/** Commands that change nothing. Every change is a script, because a plain command has no deadline at the server. */
export type ReadCommand = (typeof READ_COMMANDS)[number];
const READ_COMMANDS = ['GET', 'HGET', 'HMGET', 'HGETALL', 'HVALS'] as const;

export class RedisLink {
  readonly isCluster: boolean;
  readonly #client: Redis | Cluster;
  readonly #options: LinkOptions;
  readonly #serverTime: ServerTime;
  readonly #outage: Outage;
  readonly #format: StoredFormat;
  readonly #rights: Rights;
  readonly #refusal: WriteRefusal;
  #isStopped = false;
  #lastError = 'not connected yet';
  /** Redis stopped answering calls on this connection. */
  #isStalled = false;
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
    this.#rights = this.#rightsOf(options);
    this.#refusal = new WriteRefusal({
      placeOf: options.keys.scratch,
      tryBeside: (key) => this.#tryBeside(key),
      onRefused: (reason) => this.#outage.begin(reason),
      onTaken: () => this.#onUsable(),
    });
    keepConnecting(client, () => this.#isStopped);
    client.on('connect', () => this.#nameLoading());
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
    // ioredis keeps trying, and its listeners have already seen this error.
    this.#client.connect().catch(() => undefined);
  }

  /** Not ok while Redis is unavailable, while it refuses writes, and while its user lacks a right. */
  health(): StoreHealth {
    const lost = this.#usable() ? null : this.#lastError;
    const reason = this.#format.refusal ?? this.#rights.missing ?? this.#refusal.reason ?? lost;
    return reason === null ? { ok: true } : { ok: false, reason: `redis: ${reason}` };
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#outage.stop();
    this.#format.forget();
    this.#rights.stop();
    this.#refusal.stop();
    if (this.#client.status === 'ready') {
      await within(STOP_DEADLINE_MS, this.#client.quit()).catch(() => undefined);
    }
    this.#client.disconnect();
  }

  /** Runs a script over keys of one hash tag. In an operation with an id, a repeated change gets its first reply. */
  async run(operation: string, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return (await this.runOnce(operation, script, keys, args)).reply;
  }

  /** As `run`; also tells whether the reply is the kept one of a change that was made before. */
  async runOnce(
    operation: string,
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<{ readonly reply: unknown; readonly isRepeat: boolean }> {
    const running = script.effect === 'change' ? this.#options.operations.current() : null;
    if (running?.id == null || script.once === null) {
      const reply = await this.#script(operation, script.effect, running, script, keys, args);
      this.#noteFed(script, keys);
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
    this.#noteFed(script, keys);
    return { reply, isRepeat: repeat === '1' };
  }

  #noteFed(script: Script, keys: readonly string[]): void {
    if (script.feeds) this.#options.onFed?.(keys.at(-2) ?? '');
  }

  /** As `run`, but texts in the reply are bytes. A repeat runs again. */
  runBinary(operation: string, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const [first = ''] = keys;
    return this.#call(operation, script.effect, null, first, () => this.#send(script, keys, args, 'bytes'));
  }

  /**
   * How many replicas have every change that this connection sent before, as soon as `wanted` have it or `waitMs` have
   * passed. Later calls on this connection wait. Not on a cluster, where changes go to several servers.
   */
  replicasReached(operation: string, wanted: number, waitMs: number): Promise<unknown> {
    return this.#call(operation, 'upkeep', null, '', () => {
      this.#gather();
      return this.#client.call('WAIT', wanted, waitMs);
    });
  }

  /** Runs one command that changes nothing. */
  read(operation: string, name: ReadCommand, ...args: readonly Argument[]): Promise<unknown> {
    return this.#call(operation, 'read', null, String(args[0]), () => {
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
    return this.#call(operation, effect, running, keys[0] ?? '', () => this.#send(script, keys, args));
  }

  async #send(
    script: ScriptText,
    keys: readonly string[],
    args: readonly Argument[],
    reply: 'texts' | 'bytes' = 'texts',
  ): Promise<unknown> {
    const nowMs = this.#options.clock?.nowMs() ?? 0;
    const until = this.#serverTime.after(RUN_WITHIN_MS);
    const count = script.isGuarded ? keys.length + 1 : keys.length;
    const format = script.isGuarded ? [this.#options.keys.format] : [];
    const all = [...keys, ...format, nowMs, until, ...args];
    const endMs = performance.now() + CALL_DEADLINE_MS;
    this.#gather();
    try {
      if (reply === 'bytes') return await this.#client.callBuffer('EVALSHA', script.sha1, count, ...all);
      return await this.#client.evalsha(script.sha1, count, ...all);
    } catch (error) {
      if (!isReplyOf(error, 'NOSCRIPT')) throw error;
      const again =
        reply === 'bytes'
          ? this.#client.callBuffer('EVAL', script.text, count, ...all)
          : this.#client.eval(script.text, count, ...all);
      return within(endMs - performance.now(), again);
    }
  }

  async #call(
    operation: string,
    effect: Effect,
    running: Operation | null,
    firstKey: string,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    if (!this.#usable()) {
      this.#countFailure(operation);
      throw this.#unusable() ?? unavailable(new Error(this.#lastError));
    }
    this.#inFlight += 1;
    const startedMs = performance.now();
    try {
      // On a single server the command timeout is enough. A cluster may redirect a call, with a new timeout each time.
      const reply = await (this.isCluster ? within(CALL_DEADLINE_MS, send()) : send());
      this.#isStalled = false;
      // On a cluster, scripts cannot check the format of the data: see lua/format-guard.lua.
      if (operation === HEARTBEAT && this.isCluster) this.#format.check().catch(() => undefined);
      running?.noteChange();
      return reply;
    } catch (error) {
      this.#noteRefusal(operation, firstKey, error);
      throw this.#failed(operation, effect, running, error);
    } finally {
      this.#inFlight -= 1;
      this.#options.onCalled(operation, performance.now() - startedMs);
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
    const failure = toFailure(error);
    if (failure.code === 'internal') running?.noteChange();
    if (effect !== 'change' || failure.code !== 'store_unavailable' || isReply(error) || wasNotSent(error))
      return failure;
    running?.noteChange();
    return unknownOutcome(error);
  }

  #noteRefusal(operation: string, firstKey: string, error: unknown): void {
    // On a cluster, calls to one server time out one by one, and no connection is given up for it.
    const silence = this.isCluster && operation === HEARTBEAT && isTimeout(error) ? 'it stopped answering' : null;
    const reason = refusalIn(error) ?? silence;
    if (reason === null) return;
    this.#refusal.note(firstKey, reason);
    if (lacksRight(error)) this.#rights.check();
  }

  /** Writes something that means nothing beside this key, and returns why it was refused. Rejects without an answer. */
  async #tryBeside(key: string): Promise<string | null> {
    const { scripts, keys } = this.#options;
    try {
      await within(CALL_DEADLINE_MS, this.#send(scripts.scratch, [keys.scratch(key), key], []));
      return null;
    } catch (error) {
      const reason = refusalIn(error);
      if (reason === null) throw error;
      return reason;
    }
  }

  #rightsOf({ log, keys, scripts }: LinkOptions): Rights {
    const client = this.#client;
    const scratch = keys.scratch(keys.nodes);
    const commands = [...scripts.commands, ...READ_COMMANDS];
    return new Rights({
      log,
      refusedInScripts: () => client.eval(scripts.rights.text, 1, scratch, 0, 0, ...commands),
      plain: {
        eval: () => client.eval('return 1', 0),
        // No script has this name: the answer is NOSCRIPT.
        evalsha: () => client.evalsha('0'.repeat(40), 0),
        'script|load': () => client.script('LOAD', scripts.scratch.text),
        info: () => client.info('server'),
      },
      kinds: keys.kinds,
      name: (key) => client.eval('return 1', 1, key),
      onMissing: (reason) => this.#outage.begin(reason),
      onComplete: () => this.#onUsable(),
    });
  }

  /** ioredis waits in silence for a server that loads its data. */
  #nameLoading(): void {
    const client = this.#client;
    if (client instanceof Cluster) return;
    setTimeout(() => {
      if (client.status !== 'connect') return;
      const naming = client.info('persistence').then((text) => {
        if (text.includes('loading:1')) this.#lastError = 'LOADING';
      });
      naming.catch(() => undefined);
    }, ASK_WHETHER_LOADING_AFTER_MS).unref();
  }

  /** Sends the calls of one event-loop turn in one write. Under load this saves a fifth of a call's CPU time. */
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
   * Called when Redis stops answering on an open connection: new calls are refused at once. Calls under way wait for
   * their own deadline, because Redis may wake and serve them. On a cluster, other servers may still answer, so calls
   * time out one by one.
   */
  #onStall(): void {
    if (this.#client instanceof Cluster || !this.#usable()) return;
    this.#isStalled = true;
    this.#lastError = 'it stopped answering';
    this.#outage.begin(this.#lastError);
  }

  /** Drops a stalled connection once no call waits for it; ioredis then opens a new one. */
  #giveUpStalled(): void {
    if (!this.#isStalled || this.#inFlight > 0 || this.#client instanceof Cluster) return;
    // Not disconnect(): it closes politely and waits for the other side.
    if (this.#client.status === 'ready') this.#client.stream.destroy();
  }

  #unusable(): Failure | null {
    const { refusal } = this.#format;
    return refusal === null ? null : unusable(refusal);
  }

  /** Makes one call per key: on a cluster the keys are in several slots. */
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
      // Spares the first calls a NOSCRIPT error. They would recover from it, so a failure here does no harm.
      for (const script of this.#options.scripts.all) node.script('LOAD', script.text).catch(() => undefined);
    }
    this.#rights.check();
    this.#refusal.tryNow();
  }

  #onUsable(): void {
    if (this.health().ok) this.#outage.end();
  }

  #onRefused(reason: string): void {
    this.#lastError = reason;
    this.#outage.begin(reason);
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

/** The reply to TIME; null when the server does not answer. */
async function timeOf(node: Redis): Promise<unknown> {
  return node.time().catch(() => null);
}
