/**
 * This node's view of the signing keys: re-read regularly, and rotated when the newest has signed long enough. A new
 * key is published before it signs, so that verifiers with a cached key set know it in time. An old key stays published
 * until all its tokens have expired.
 */
import { Failure } from '../../protocol/failure.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Sealer } from '../../ports/sealer.js';
import type { SigningKeyRecord, SigningKeyStore } from '../../ports/signing-key-store.js';
import { isSigningKeyId } from './key-ids.js';
import { MissingKeys } from './missing-keys.js';
import { newSigningKey, openSigningKey, type SigningKey } from './signing-key.js';

export interface SigningKeysDeps {
  readonly store: SigningKeyStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  /** How long one key signs. */
  readonly rotationMs: number;
}

type AbleKey = SigningKey & { readonly privateKey: NonNullable<SigningKey['privateKey']> };

function isAble(key: SigningKey): key is AbleKey {
  return key.privateKey !== null;
}

/**
 * Maximum age of this node's view of the keys; also the minimum time between two store reads caused by unverifiable key
 * ids.
 */
const REFRESH_MS = 30_000;
/**
 * A key is published this long before it signs: several times the age of a node's view (30 s) and a cached set (60 s).
 */
const PUBLISHED_AHEAD_MS = 300_000;
/**
 * How long a key stays published after its successor starts to sign, or longer if its tokens live longer: nodes switch
 * at different times.
 */
const KEPT_AFTER_MS = 3_600_000;

export class SigningKeys {
  /** By encoded header, oldest first; null before the first read. */
  private keys: ReadonlyMap<string, SigningKey> | null = null;
  private reading: Promise<void> | null = null;
  /** The read that starts when `reading` ends. */
  private nextReading: Promise<void> | null = null;
  private readonly missing: MissingKeys;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;

  constructor(private readonly deps: SigningKeysDeps) {
    this.missing = new MissingKeys(deps.clock, REFRESH_MS);
  }

  /** Starts to call `keepUp` every 30 s. */
  start(): void {
    this.timer ??= this.deps.clock.after(REFRESH_MS, () => {
      this.timer = null;
      this.start();
      this.keepUp().catch((error: unknown) => {
        this.deps.log.error('signing_keys_not_read', error);
      });
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Reads the keys and makes the next one when it is due. Rejects with `store_unavailable`. */
  keepUp(): Promise<void> {
    return this.refresh({ mayBeFirst: false });
  }

  /**
   * The current signing key, for a token that expires at `untilMs`. Makes the first key. Rejects with
   * `store_unavailable`.
   */
  async signer(untilMs: number): Promise<AbleKey> {
    if (this.current() === null) await this.refresh({ mayBeFirst: true });
    const key = this.current();
    if (key === null) throw new Failure('store_unavailable');
    if (untilMs > key.record.goneAtMs) await this.keep(key, untilMs);
    return key;
  }

  /**
   * The published key with this token header and `kid`. An unknown id with a valid MAC makes the node ask the store at
   * once, at most twice a minute per id. All other unknown ids together make it ask at most twice a minute; this finds
   * keys of older versions and of nodes with another secret.
   */
  async find(header: string, kid: string): Promise<SigningKey | null> {
    const known = await this.publishedWith(header);
    if (known !== null) return known;
    return isSigningKeyId(this.deps.sealer, kid) ? this.lookFor(header) : this.lookAmongAll(header);
  }

  private async lookFor(header: string): Promise<SigningKey | null> {
    if (this.missing.has(header)) return null;
    await this.readAnew();
    const found = await this.publishedWith(header);
    if (found === null) this.missing.add(header);
    return found;
  }

  private async lookAmongAll(header: string): Promise<SigningKey | null> {
    if (this.deps.clock.monotonicMs() - this.readAtMs < REFRESH_MS) return null;
    await this.refresh({ mayBeFirst: false }).catch((error: unknown) => {
      this.deps.log.error('signing_keys_not_read', error);
    });
    return this.publishedWith(header);
  }

  private async publishedWith(header: string): Promise<SigningKey | null> {
    return this.published(await this.known()).find((key) => key.header === header) ?? null;
  }

  /** All keys whose tokens may still be valid, and the next key. Makes the first key. */
  async list(): Promise<readonly SigningKey[]> {
    if (this.current() === null) await this.refresh({ mayBeFirst: true });
    return this.published(await this.known());
  }

  private async known(): Promise<ReadonlyMap<string, SigningKey>> {
    if (this.keys === null) await this.refresh({ mayBeFirst: false });
    return this.keys ?? new Map<string, SigningKey>();
  }

  private published(keys: ReadonlyMap<string, SigningKey>): readonly SigningKey[] {
    const nowMs = this.deps.clock.nowMs();
    return [...keys.values()].filter(({ record }) => record.goneAtMs > nowMs);
  }

  /** The newest key that may already sign; if there is none, the one that waits. */
  private current(): AbleKey | null {
    const nowMs = this.deps.clock.nowMs();
    const able = this.published(this.keys ?? new Map()).filter(isAble);
    return able.findLast(({ record }) => record.signsFromMs <= nowMs) ?? able[0] ?? null;
  }

  /** One read at a time: concurrent callers share it. */
  private async refresh(how: { readonly mayBeFirst: boolean }): Promise<void> {
    const running = this.reading;
    if (running === null) {
      this.readAtMs = this.deps.clock.monotonicMs();
      this.reading = this.readAndRotate(how).finally(() => {
        this.reading = null;
      });
      return this.reading;
    }
    await running;
    // The read that just ended may have been started by a caller that must not make the first key.
    if (how.mayBeFirst && this.keys?.size === 0) await this.refresh(how);
  }

  /** Starts a new read after this call: a read already running may have missed the key. */
  private readAnew(): Promise<void> {
    const how = { mayBeFirst: false };
    if (this.reading === null) return this.refresh(how);
    this.nextReading ??= this.reading
      .catch(() => undefined)
      .then(() => {
        this.nextReading = null;
        return this.refresh(how);
      });
    return this.nextReading;
  }

  private async readAndRotate({ mayBeFirst }: { readonly mayBeFirst: boolean }): Promise<void> {
    const { store, sealer } = this.deps;
    const newest = this.adopt(await store.list());
    const times = this.timesOfNext(newest, mayBeFirst);
    if (times === null) return;
    const made = await newSigningKey(sealer, times);
    if (await store.add(made, newest?.kid ?? null)) {
      this.deps.log.info('signing_key_made', { kid: made.kid, signs_from: made.signsFromMs });
    }
    // This node's new key, or the key of a node that was faster.
    this.adopt(await store.list());
  }

  /** The times of the next key; null when none is due. */
  private timesOfNext(
    newest: SigningKeyRecord | null,
    mayBeFirst: boolean,
  ): Pick<SigningKeyRecord, 'createdAtMs' | 'signsFromMs' | 'goneAtMs'> | null {
    const { clock, rotationMs } = this.deps;
    const createdAtMs = clock.nowMs();
    if (newest === null && !mayBeFirst) return null;
    // No verifier can have cached a usable key: the new one signs at once.
    const isNeededNow = this.current() === null;
    const isDue = newest !== null && createdAtMs >= newest.signsFromMs + rotationMs - PUBLISHED_AHEAD_MS;
    if (!isNeededNow && !isDue) return null;
    const signsFromMs = isNeededNow ? createdAtMs : createdAtMs + PUBLISHED_AHEAD_MS;
    return { createdAtMs, signsFromMs, goneAtMs: signsFromMs + rotationMs + KEPT_AFTER_MS };
  }

  /** Takes over the store's records and returns the newest. Does not open known keys again. */
  private adopt(records: readonly SigningKeyRecord[]): SigningKeyRecord | null {
    const before = new Map([...(this.keys?.values() ?? [])].map((key) => [key.record.kid, key]));
    const keys = new Map<string, SigningKey>();
    for (const record of records) {
      const known = before.get(record.kid);
      const key = known === undefined ? this.opened(record) : { ...known, record };
      if (key !== null) keys.set(key.header, key);
    }
    this.keys = keys;
    return records.at(-1) ?? null;
  }

  private opened(record: SigningKeyRecord): SigningKey | null {
    const { sealer, log } = this.deps;
    try {
      const key = openSigningKey(sealer, record);
      if (key.privateKey === null) log.warn('signing_key_of_another_secret', { kid: record.kid });
      return key;
    } catch (error) {
      log.error('signing_key_unreadable', error, { kid: record.kid });
      return null;
    }
  }

  /** Stores the extended time once for all tokens of this lifetime. */
  private async keep(key: SigningKey, untilMs: number): Promise<void> {
    const { clock, store, rotationMs } = this.deps;
    const restMs = Math.max(0, key.record.signsFromMs + rotationMs - clock.nowMs());
    const goneAtMs = untilMs + restMs + KEPT_AFTER_MS;
    if (!(await store.keepUntil(key.record.kid, goneAtMs))) throw new Failure('store_unavailable');
    await this.refresh({ mayBeFirst: false });
  }
}
