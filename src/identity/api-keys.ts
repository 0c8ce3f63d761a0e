/** API keys: the caller, its project and its scopes; how keys are made, listed and removed. */
import { randomBase62 } from '../lib/base62.js';
import { finite, object, text, type Shape } from '../lib/shape.js';
import { Failure } from '../protocol/failure.js';
import { parseKeyId, parseProjectId, type KeyId, type ProjectId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import { SCOPES, type ApiKeyRecord, type KeyStore, type Scope } from '../ports/key-store.js';
import { callKind, type NodeCalls } from '../ports/node-calls.js';
import type { Log } from '../ports/log.js';
import type { ProjectScope } from '../ports/relay-session.js';
import { KeyCache } from './key-cache.js';
import { newKey, parseKey, type KeyEnv, type PresentedKey } from './key-format.js';
import { KeyUse } from './key-use.js';

/** The caller of a REST call. */
export interface Caller {
  readonly id: KeyId | 'root';
  readonly scopes: readonly Scope[];
  /** The project that owns what the caller creates. */
  readonly projectId: ProjectId;
  /** The projects whose resources the caller can see. */
  readonly sees: ProjectScope;
}

export interface NewKeyRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Absent: the caller's own project; for the root key, a new one. */
  readonly projectId?: ProjectId | undefined;
}

export interface ApiKeysDeps {
  readonly store: KeyStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
  readonly calls: NodeCalls;
  readonly rootKey: string;
  readonly env: KeyEnv;
}

const keyId: Shape<KeyId> = {
  label: 'key id',
  is: (value): value is KeyId => text.is(value) && parseKeyId(value) !== null,
};

/** The store has removed a key. */
const REMOVED = callKind('api_keys.removed', object({ id: keyId }), finite);

/** A removal must count on every node within 1 s, also on one that misses the order. */
const CACHE_TTL_MS = 500;
const CACHE_MAX_KEYS = 10_000;

export class ApiKeys {
  private readonly cache: KeyCache;
  private readonly use: KeyUse;
  private readonly root: Caller;
  private readonly rootDigest: string;
  /**
   * Parsed keys by the digest of their text; parsing one takes four more digests. The store still decides about each
   * call.
   */
  private readonly proven = new Map<string, PresentedKey>();

  constructor(private readonly deps: ApiKeysDeps) {
    const { store, clock, crypto, rootKey } = deps;
    this.rootDigest = crypto.sha256(rootKey);
    this.use = new KeyUse(deps);
    this.cache = new KeyCache({ clock, ttlMs: CACHE_TTL_MS, maxKeys: CACHE_MAX_KEYS, ask: (id) => store.get(id) });
    this.root = { id: 'root', scopes: SCOPES, projectId: projectNamed('default'), sees: 'all' };
  }

  /** Forgets the keys that other nodes remove, from now on. */
  serve(): void {
    this.deps.calls.serve(REMOVED, ({ id }) => {
      this.cache.drop(id);
      return 0;
    });
  }

  /**
   * null unless the text is a valid key. Gives no reason. Rejects with `store_unavailable`. When `remove` resolves, the
   * nodes that answered refuse the key; a node that did not answer refuses it after 500 ms at the latest.
   */
  async verify(text: string): Promise<Caller | null> {
    const { crypto } = this.deps;
    const digest = crypto.sha256(text);
    if (crypto.sameDigest(digest, this.rootDigest)) return this.root;
    const presented = this.proven.get(digest) ?? parseKey(crypto, text);
    if (presented === null) return null;
    const record = await this.cache.find(presented.id);
    if (record === null || !crypto.sameDigest(presented.secretHash, record.secretHash)) return null;
    this.remember(digest, presented);
    this.use.note(record.id);
    return { id: record.id, scopes: record.scopes, projectId: record.projectId, sees: record.projectId };
  }

  /**
   * A key cannot make a stronger key: rejects with `scope_missing` for a scope that the caller lacks or for another
   * project. The answer is the only place that contains the key's text.
   */
  async create(caller: Caller, request: NewKeyRequest): Promise<{ readonly key: ApiKeyRecord; readonly text: string }> {
    const { store, crypto, clock, env } = this.deps;
    if (!request.scopes.every((scope) => caller.scopes.includes(scope))) {
      throw new Failure('scope_missing', { message: 'scopes: a key can only grant its own scopes.' });
    }
    const projectId = this.projectFor(caller, request.projectId);
    const { id, text, secretHash } = newKey(crypto, env);
    const scopes = SCOPES.filter((scope) => request.scopes.includes(scope));
    const times = { createdAtMs: clock.nowMs(), lastUsedAtMs: null };
    const key = { id, name: request.name, scopes, projectId, secretHash, ...times };
    await store.put(key);
    return { key, text };
  }

  /** The keys that the caller can see, oldest first. */
  async list(caller: Caller): Promise<readonly ApiKeyRecord[]> {
    return this.deps.store.list(caller.sees);
  }

  /** Rejects with `key_not_found`, also for a key of another project. */
  async remove(caller: Caller, id: KeyId): Promise<void> {
    const { store, calls } = this.deps;
    try {
      if (!(await store.remove(id, caller.sees))) throw new Failure('key_not_found');
    } catch (error) {
      // The store's answer may be lost, and the key removed. The caller has waited long enough.
      this.cache.drop(id);
      calls.announce(REMOVED, { id });
      throw error;
    }
    this.cache.drop(id);
    await calls.order(REMOVED, { id });
  }

  private remember(digest: string, presented: PresentedKey): void {
    if (this.proven.has(digest)) return;
    if (this.proven.size >= CACHE_MAX_KEYS) this.proven.clear();
    this.proven.set(digest, presented);
  }

  private projectFor(caller: Caller, wanted: ProjectId | undefined): ProjectId {
    if (caller.sees === 'all') return wanted ?? projectNamed(`prj_${randomBase62(this.deps.crypto, 16)}`);
    if (wanted !== undefined && wanted !== caller.projectId) {
      throw new Failure('scope_missing', { message: 'project_id: a key can only create keys in its own project.' });
    }
    return caller.projectId;
  }
}

function projectNamed(text: string): ProjectId {
  const projectId = parseProjectId(text);
  if (projectId === null) throw new Error('not a project id');
  return projectId;
}
