/** The rights of an ACL user: those that docs/OPERATIONS.md lists are enough, and each that is missing is named. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisBusTransport } from '../../src/adapters/redis/bus-transport.js';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import type { NodeId } from '../../src/protocol/ids.js';
import { eventually } from '../support/eventually.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { RecordingLog, silentLog, type LoggedEvent } from '../support/silent-log.js';
import { untilReady } from '../support/stores.js';
import { startBusNode } from './suites/bus-rules.js';
import { useEverything } from './suites/use-everything.js';

const OPERATIONS = readFileSync(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');
const LINES = OPERATIONS.match(/^ACL SETUSER sallyport .*$/gm) ?? [];
const [LINE = ''] = LINES;
const RULES = LINE.split(' ').slice(3);
const COMMANDS = RULES.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));
const OF_BUS = ['publish', 'subscribe'];
const KEY_PREFIX = 'sallyport';

describe('an ACL user', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let redis: RedisServer;
  let admin: Redis;
  let url: string;

  beforeAll(async () => {
    redis = await startRedisServer();
    admin = new Redis(redis.url);
    url = redis.url.replace('://', '://sallyport:PASSWORD@');
    await giveAll();
  });

  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    admin.disconnect();
    await redis.stop();
  });

  function giveAll(): Promise<unknown> {
    return admin.call('ACL', 'SETUSER', 'sallyport', ...RULES);
  }

  function open(log = new RecordingLog(), at = url): Store {
    const store = createRedisStore({ url: at, keyPrefix: KEY_PREFIX, log, onFailure: () => undefined });
    cleanups.push(() => store.stop());
    store.start();
    return store;
  }

  test('RF3 the documentation lists the rights once', () => {
    expect(LINES).toHaveLength(1);
  });

  test('RF3 with the rights that the documentation lists everything works, and Redis refuses nothing', async () => {
    await admin.call('ACL', 'LOG', 'RESET');
    const store = open();
    await untilReady(store);
    await useEverything(store);
    const transportOf = (self: NodeId) => createRedisBusTransport({ url, keyPrefix: KEY_PREFIX, self, log: silentLog });
    const [one, other] = [await startBusNode(transportOf), await startBusNode(transportOf)];
    cleanups.push(
      () => one.bus.stop(),
      () => other.bus.stop(),
    );
    one.bus.send(other.id, Buffer.from('hello'));
    await eventually(() => (other.received.length === 1 ? null : 'it is on its way'));
    expect(await admin.call('ACL', 'LOG')).toEqual([]);
    expect(store.health()).toEqual({ ok: true });
  });

  test('RF3 without any one of these rights a node is not ready and names it, in the log too', async () => {
    const missing = COMMANDS.filter((command) => !OF_BUS.includes(command));
    const reports = missing.map(async (command) => {
      const user = `without-${command}`;
      await admin.call('ACL', 'SETUSER', user, ...RULES, `-${command}`);
      const log = new RecordingLog();
      const store = open(log, redis.url.replace('://', `://${encodeURIComponent(user)}:PASSWORD@`));
      await eventually(() => (log.events.some(isAboutRights) ? null : `nothing is logged about ${command}`));
      const health = store.health();
      expect(health.ok ? 'ok' : health.reason).toMatch(new RegExp(` ${command.replace('|', '\\|')}$`));
      return log.events.find(isAboutRights)?.fields;
    });
    expect(await Promise.all(reports)).toMatchObject(missing.map((command) => ({ commands: command, keys: '' })));
  });

  test('RF3 a missing right to some keys is named, and a node is ready once it has the right', async () => {
    await admin.call('ACL', 'SETUSER', 'sallyport', 'resetkeys', '~sallyport:nodes', '~sallyport:format');
    const store = open();
    await eventually(() => {
      const health = store.health();
      const isNamed =
        !health.ok && health.reason.includes('keys sallyport:keys, sallyport:signing-keys, sallyport:relay:{*');
      return isNamed ? null : JSON.stringify(health);
    });
    await giveAll();
    await untilReady(store);
  });

  test.each([
    ['subscribe', ['-subscribe'], 'command subscribe'],
    ['publish', ['-publish'], 'command publish'],
    ['the channels', ['resetchannels'], 'channels sallyport:bus:*'],
  ])('RF3 without the right to %s the bus says so, until it has it', async (_, rules, reason) => {
    await admin.call('ACL', 'SETUSER', 'sallyport', ...rules);
    const kept: { transport: ReturnType<typeof createRedisBusTransport> | null } = { transport: null };
    const { bus } = await startBusNode((self) => {
      kept.transport = createRedisBusTransport({ url, keyPrefix: KEY_PREFIX, self, log: silentLog });
      return kept.transport;
    });
    cleanups.push(() => bus.stop());
    const refusal = (): string => String(kept.transport?.refusal());
    await eventually(() => (refusal().includes(reason) ? null : refusal()));
    await giveAll();
    await eventually(() => (refusal() === 'null' ? null : refusal()));
  });
});

const isAboutRights = ({ event }: LoggedEvent): boolean => event === 'store_rights_missing';
