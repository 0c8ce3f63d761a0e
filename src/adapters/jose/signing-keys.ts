/**
 * The signing keys as this node knows them: read from the store now and then, made anew when the newest has signed for
 * long enough. A new key is published some time before it signs, so that whoever keeps the key set for a while has it by
 * then; an old one is published until every token it signed has ended.
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

/** How old this node's view of the keys gets; also the least time between two looks for keys that anybody may have invented. */
const REFRESH_MS = 30_000;
/** Several times what this node's view (30 s) and the served key set (60 s) may be old together. */
const PUBLISHED_AHEAD_MS = 300_000;
/** How long a key is published after its successor signs, unless its tokens live longer: nodes change over at their own pace. */
const KEPT_AFTER_MS = 3_600_000;

export class SigningKeys {
  /** By encoded header, oldest first; null before they were read. */
  private keys: ReadonlyMap<string, SigningKey> | null = null;
  private reading: Promise<void> | null = null;
  /** The read that begins when `reading` has ended. */
  private nextReading: Promise<void> | null = null;
  private readonly missing: MissingKeys;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;

  constructor(private readonly deps: SigningKeysDeps) {
    this.missing = new MissingKeys(deps.clock, REFRESH_MS);
  }

  /** Calls `keepUp` twice a minute. */
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

  /** Reads the keys, and makes the next one when it is time for it. Rejects with `store_unavailable`. */
  keepUp(): Promise<void> {
    return this.refresh({ mayBeFirst: false });
  }

  /** The key that signs now, for a token that ends at `untilMs`. Makes the first key. Rejects with `store_unavailable`. */
  async signer(untilMs: number): Promise<AbleKey> {
    if (this.current() === null) await this.refresh({ mayBeFirst: true });
    const key = this.current();
    if (key === null) throw new Failure('store_unavailable');
    if (untilMs > key.record.goneAtMs) await this.keep(key, untilMs);
    return key;
  }

  /**
   * The published key that signs with this header, whose `kid` is given. An unknown id that a node of this deployment made
   * has the store asked at once, each id twice a minute at most. All other unknown ids together have it asked twice a minute
   * at most: that is how keys of older versions, and of nodes with another secret, are found.
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

  /** All that tokens may still be around of, and the next one. Makes the first key. */
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

  /** The newest whose time to sign has come. When there is none but one that waits, that one: none is better known. */
  private current(): AbleKey | null {
    const nowMs = this.deps.clock.nowMs();
    const able = this.published(this.keys ?? new Map()).filter(isAble);
    return able.findLast(({ record }) => record.signsFromMs <= nowMs) ?? able[0] ?? null;
  }

  /** One read at a time: who comes meanwhile waits for it. */
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
    // What ran may have been for somebody who only looked.
    if (how.mayBeFirst && this.keys?.size === 0) await this.refresh(how);
  }

  /** A read that begins after this call: one that runs may have looked before the key was there. */
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
    // Ours, or that of the node that was faster.
    this.adopt(await store.list());
  }

  /** When the next key counts from; null when it is not time for one. */
  private timesOfNext(
    newest: SigningKeyRecord | null,
    mayBeFirst: boolean,
  ): Pick<SigningKeyRecord, 'createdAtMs' | 'signsFromMs' | 'goneAtMs'> | null {
    const { clock, rotationMs } = this.deps;
    const createdAtMs = clock.nowMs();
    if (newest === null && !mayBeFirst) return null;
    // Nothing that a verifier may have kept is better: it signs at once.
    const isNeededNow = this.current() === null;
    const isDue = newest !== null && createdAtMs >= newest.signsFromMs + rotationMs - PUBLISHED_AHEAD_MS;
    if (!isNeededNow && !isDue) return null;
    const signsFromMs = isNeededNow ? createdAtMs : createdAtMs + PUBLISHED_AHEAD_MS;
    return { createdAtMs, signsFromMs, goneAtMs: signsFromMs + rotationMs + KEPT_AFTER_MS };
  }

  /** Takes over what the store has; answers the newest. Keys that are known already are not opened again. */
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

  /** Once for all tokens of that lifetime that the key will sign. */
  private async keep(key: SigningKey, untilMs: number): Promise<void> {
    const { clock, store, rotationMs } = this.deps;
    const restMs = Math.max(0, key.record.signsFromMs + rotationMs - clock.nowMs());
    const goneAtMs = untilMs + restMs + KEPT_AFTER_MS;
    if (!(await store.keepUntil(key.record.kid, goneAtMs))) throw new Failure('store_unavailable');
    await this.refresh({ mayBeFirst: false });
  }
}
