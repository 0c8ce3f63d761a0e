import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RelayStore } from '../../src/ports/relay-store.js';
import type { Store } from '../../src/ports/store.js';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client } from '../support/client.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';

const FRAMES = 1000;

describe.each(STORES)('the way of a frame on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let calls = 0;

  /** Counts every call of the relay store, whatever it is. */
  const counted = (store: Store): Store => {
    const relay = new Proxy(store.relay, {
      get(target, name: keyof RelayStore) {
        return (...args: unknown[]): unknown => {
          // Those that a node makes by itself, once every second or two.
          if (name !== 'sweepExpired' && name !== 'check') calls += 1;
          const method: unknown = Reflect.get(target, name);
          return typeof method === 'function' ? Reflect.apply(method, target, args) : undefined;
        };
      },
    });
    return new Proxy(store, { get: (target, name) => (name === 'relay' ? relay : bound(target, name)) });
  };

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      wrapStore: counted,
      env: { SALLYPORT_MESSAGES_PER_S: '0', SALLYPORT_BYTES_PER_S: '0', SALLYPORT_WORK_MS_PER_S: '0' },
    });
  });

  afterAll(() => running.stop());

  it(`RL12 ${String(FRAMES)} relay frames touch neither the store nor JSON; a join and a text frame do`, async () => {
    const session = await new Backend(running.url).createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    const callsBefore = calls;
    const b = await Client.join(running.socketUrl, pairOf(session, 1));
    // The control: the counter sees what does go to the store.
    expect(calls).toBeGreaterThan(callsBefore);
    await b.settle();

    const [parse, stringify] = [vi.spyOn(JSON, 'parse').mockClear(), vi.spyOn(JSON, 'stringify').mockClear()];
    calls = 0;
    for (let n = 0; n < FRAMES; n += 1) a.relay({ deliveryClass: n % 2 === 0 ? 0 : 2, payload: `frame ${String(n)}` });
    await b.expectEntries(FRAMES);
    expect(calls).toBe(0);
    // The node's own heartbeat, each second, is JSON too on Redis: a handful at most, and not one a frame.
    expect(parse.mock.calls.length).toBeLessThan(10);
    expect(stringify.mock.calls.length).toBeLessThan(10);
    // The control again: the gateway runs in this process, so the spies see what it does with a control frame.
    for (let n = 1; n <= 20; n += 1) a.say(`{"type":"nothing","ref":${String(n)}}`);
    await a.expect('error', 20);
    expect(parse.mock.calls.length).toBeGreaterThanOrEqual(20);
    expect(stringify.mock.calls.length).toBeGreaterThanOrEqual(20);
    vi.restoreAllMocks();
  });
});

function bound(target: Store, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}
