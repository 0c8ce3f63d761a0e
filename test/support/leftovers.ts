/** Finds the keys left in Redis and their sizes, and reads from docs/OPERATIONS.md how long they may stay. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { ManualClock } from './manual-clock.js';
import { findKeys } from './stores.js';

export interface DocumentedKeys {
  readonly pattern: RegExp;
  readonly written: string;
  /** Infinity where no time is given. */
  readonly stayMs: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const ROW = /^\| ((?:`[^`]+`(?:, )?)+) \| [^|]+ \| ([^|]+) \|$/;

/** The table under "What stays in Redis". */
export function documentedKeys(): readonly DocumentedKeys[] {
  const [, section = ''] = readFileSync('docs/OPERATIONS.md', 'utf8').split('### What stays in Redis\n');
  const [table = ''] = section.split('\n## ');
  return table.split('\n').flatMap((line) => {
    const [, names = '', stay = ''] = ROW.exec(line) ?? [];
    return [...names.matchAll(/`([^`]+)`/g)].map(([, written = '']) => ({
      written,
      pattern: patternOf(written),
      stayMs: durationOf(stay.trim()),
    }));
  });
}

/** The size of every key below the prefix: fields, members, or 1 for a text. */
export async function sizesOf(client: Redis, keyPrefix: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const key of await findKeys(client, keyPrefix)) {
    sizes.set(key.slice(keyPrefix.length + 1), await sizeOf(client, key));
  }
  return sizes;
}

/** Time passes: for the store, which is told it, and for the keys, whose lives Redis counts by its own clock. */
export async function passTime(client: Redis, keyPrefix: string, clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  for (const key of await findKeys(client, keyPrefix)) {
    const leftMs = await client.pttl(key);
    if (leftMs > ms) await client.pexpire(key, leftMs - ms);
    else if (leftMs >= 0) await client.unlink(key);
  }
}

async function sizeOf(client: Redis, key: string): Promise<number> {
  switch (await client.type(key)) {
    case 'hash':
      return client.hlen(key);
    case 'zset':
      return client.zcard(key);
    case 'list':
      return client.llen(key);
    default:
      return 1;
  }
}

function patternOf(written: string): RegExp {
  const parts = written.split('*').map((part) => part.replaceAll(/[{}.()+?^$|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d+) (s|min|h|d)$/.exec(text) ?? [];
  return count === '' ? Number.POSITIVE_INFINITY : Number(count) * (UNITS[unit] ?? Number.NaN);
}
