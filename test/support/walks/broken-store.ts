/** Breaks what a Redis keeps, as a bug or another program's hand would: in the values, then in the types of the keys. */
import type { Redis } from 'ioredis';

/** Every text in a string or a hash becomes `value`, which is no JSON. Keys and fields stay. */
export async function breakValues(client: Redis, prefix: string, value: string): Promise<void> {
  for (const key of await keysOf(client, prefix)) {
    const type = await client.type(key);
    if (type === 'string') await client.set(key, value, 'KEEPTTL');
    if (type !== 'hash') continue;
    for (const field of await client.hkeys(key)) await client.hset(key, field, value);
  }
}

/** Every key becomes one of another type. */
export async function replaceKeys(client: Redis, prefix: string, value: string): Promise<void> {
  for (const key of await keysOf(client, prefix)) {
    const isString = (await client.type(key)) === 'string';
    await client.del(key);
    await (isString ? client.rpush(key, value) : client.set(key, value));
  }
}

/** Without the format of the data: a store of another format answers nothing at all. */
async function keysOf(client: Redis, prefix: string): Promise<readonly string[]> {
  return (await client.keys(`${prefix}*`)).filter((key) => key !== `${prefix}format`);
}
