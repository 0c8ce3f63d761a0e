/** The API keys of the Fastify peer, in the gateway's format: checked by the same digests, looked up in one hash. */
import { createHash, timingSafeEqual } from 'node:crypto';

const KEY = /^(sp_(?:live|dev)_([0-9A-Za-z]{16})_([0-9A-Za-z]{43}))_([0-9A-Za-z]{6})$/;
const HEADER = /^token +([\x21-\x7e]+)$/i;
const CACHE_MS = 500;

export class Keys {
  #known = new Map();
  #redis;
  #hash;

  /** `hash`: the key of the Redis hash. */
  constructor(redis, hash) {
    this.#redis = redis;
    this.#hash = hash;
  }

  async add(text, projectId) {
    const { id, secretHash } = parseKey(text);
    const record = { id, name: 'bench', scopes: ['relays'], projectId, secretHash, createdAtMs: Date.now() };
    await this.#redis.hset(this.#hash, id, JSON.stringify(record));
  }

  /** null when the value is no key. */
  async verified(authorization) {
    const presented = parseKey(HEADER.exec(authorization)?.[1] ?? '');
    if (presented === null) return null;
    const key = await this.#find(presented.id);
    return key !== null && isSame(presented.secretHash, key.secretHash) ? key : null;
  }

  /** An answer of Redis about a key is valid for half a second. */
  async #find(id) {
    const cached = this.#known.get(id);
    if (cached !== undefined && cached.untilMs > performance.now()) return cached.key;
    const text = await this.#redis.hget(this.#hash, id);
    const key = text === null ? null : JSON.parse(text);
    this.#known.set(id, { key, untilMs: performance.now() + CACHE_MS });
    return key;
  }
}

function parseKey(text) {
  const [, checked = '', letters = '', secret = '', check = ''] = KEY.exec(text) ?? [];
  if (letters === '' || !isSame(check, checkOf(checked))) return null;
  return { id: `key_${letters}`, secretHash: sha256(secret) };
}

function checkOf(text) {
  return sha256(text).replaceAll(/[-_]/g, '').slice(0, 6).padEnd(6, '0');
}

function sha256(text) {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

function isSame(a, b) {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
