/**
 * Looks for secrets where none may be: logs, metrics, error answers, what a store keeps. A secret counts in every
 * spelling that something on the way could have given it: plain, in JSON, percent-encoded, in hex, in base64.
 */
import type { Redis } from 'ioredis';

/** A shorter text is found by chance. */
export const MIN_SECRET_LENGTH = 8;

export class SecretScan {
  readonly #secrets = new Set<string>();

  add(...secrets: readonly string[]): void {
    for (const secret of secrets) {
      if (secret.length < MIN_SECRET_LENGTH)
        throw new Error(`a secret of ${String(secret.length)} letters is found by chance`);
      this.#secrets.add(secret);
    }
  }

  get size(): number {
    return this.#secrets.size;
  }

  /** The secrets that stand there in no spelling. */
  missing(text: string): readonly string[] {
    return [...this.#secrets].filter((secret) => !spellingsOf(secret).some(({ written }) => text.includes(written)));
  }

  /** Which spelling of which secret stands where; empty when all is well. `places` by name. */
  found(places: Readonly<Record<string, string>>): readonly string[] {
    return Object.entries(places).flatMap(([place, text]) =>
      [...this.#secrets].flatMap((secret) =>
        spellingsOf(secret)
          .filter(({ written }) => text.includes(written))
          .map(({ kind, written }) => `${place}: ${kind} of ${secret}: ${around(text, written)}`),
      ),
    );
  }
}

interface Spelling {
  readonly kind: string;
  readonly written: string;
}

export function spellingsOf(secret: string): readonly Spelling[] {
  const percent = encodeURIComponent(secret);
  const bytes = Buffer.from(secret, 'utf8');
  const json = JSON.stringify(secret).slice(1, -1);
  const whole = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return [
    { kind: 'plain', written: secret },
    { kind: 'JSON', written: json },
    { kind: 'JSON in JSON', written: JSON.stringify(json).slice(1, -1) },
    { kind: 'percent', written: percent },
    { kind: 'percent, lower case', written: percent.replaceAll(/%[0-9A-F]{2}/g, (each) => each.toLowerCase()) },
    { kind: 'percent, every byte', written: whole },
    { kind: 'percent, every byte', written: whole.toUpperCase() },
    { kind: 'percent, twice', written: encodeURIComponent(percent) },
    { kind: 'form', written: percent.replaceAll('%20', '+') },
    { kind: 'hex', written: bytes.toString('hex') },
    { kind: 'hex', written: bytes.toString('hex').toUpperCase() },
    ...[0, 1, 2].flatMap((before) => base64(bytes, before)),
  ];
}

/** The letters that the secret alone decides, when so many bytes (modulo 3) stand before it. */
function base64(bytes: Buffer, before: number): readonly Spelling[] {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const isWhole = (before + bytes.length) % 3 === 0;
  const written = encoded.slice(Math.ceil((before * 8) / 6), isWhole ? undefined : -1);
  return [
    { kind: 'base64', written },
    { kind: 'base64url', written: written.replaceAll('+', '-').replaceAll('/', '_') },
  ];
}

function around(text: string, written: string): string {
  const at = text.indexOf(written);
  return text.slice(Math.max(0, at - 60), at + written.length + 20);
}

/** Everything below the prefix, names and values, as one text. */
export async function redisText(redis: Redis, prefix: string): Promise<string> {
  const keys = await redis.keys(`${prefix}*`);
  const texts = await Promise.all(keys.map(async (key) => `${key} ${JSON.stringify(await valueOf(redis, key))}`));
  return texts.join('\n');
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'list':
      return redis.lrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}
