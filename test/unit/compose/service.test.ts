import { expect, it } from 'vitest';
import { startInOrder, STOP_WAIT_MS, stopInReverse, type Service } from '../../../src/compose/service.js';
import type { Log } from '../../../src/ports/log.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

function recorded(calls: string[], name: string, overrides: Partial<Service> = {}): Service {
  return {
    name,
    async start() {
      await Promise.resolve();
      calls.push(`start ${name}`);
    },
    async stop() {
      await Promise.resolve();
      calls.push(`stop ${name}`);
    },
    ...overrides,
  };
}

it('OP8 services start one after the other, and stop in reverse', async () => {
  const calls: string[] = [];
  const services = ['store', 'listener', 'drain'].map((name) => recorded(calls, name));
  await startInOrder(services);
  const clock = new ManualClock();
  await stopInReverse(services, { clock, log: silentLog });
  expect(clock.pendingTimers).toBe(0);
  expect(calls).toEqual([
    ...['start store', 'start listener', 'start drain'],
    ...['stop drain', 'stop listener', 'stop store'],
  ]);
});

it('OP8 a service that cannot start keeps those after it from starting', async () => {
  const calls: string[] = [];
  const start = () => Promise.reject(new Error('taken'));
  const services = [recorded(calls, 'store'), recorded(calls, 'listener', { start }), recorded(calls, 'drain')];
  await expect(startInOrder(services)).rejects.toThrow('taken');
  expect(calls).toEqual(['start store']);
});

it('OP8 a service that fails to stop is named in the log, and the others stop all the same', async () => {
  const calls: string[] = [];
  const failed: unknown[] = [];
  const log: Log = { ...silentLog, error: (event, _cause, fields) => failed.push([event, fields]) };
  const stop = () => {
    throw new Error('stuck');
  };
  const services = [recorded(calls, 'store'), recorded(calls, 'listener', { stop }), recorded(calls, 'drain')];
  await expect(stopInReverse(services, { clock: new ManualClock(), log })).rejects.toThrow(
    'some services did not stop',
  );
  expect(calls).toEqual(['stop drain', 'stop store']);
  expect(failed).toEqual([['service_stop_failed', { service: 'listener' }]]);
});

/** Runs every promise callback that is due. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('OP8 a service that takes longer than its time is named in the log, and the others stop all the same', async () => {
  const calls: string[] = [];
  const failed: unknown[] = [];
  const clock = new ManualClock();
  const log: Log = { ...silentLog, error: (event, cause, fields) => failed.push([event, cause, fields]) };
  const stop = () => new Promise<void>(() => undefined);
  const slow = recorded(calls, 'drain', { stop, stopWaitMs: 60_000 });
  const services = [recorded(calls, 'store'), recorded(calls, 'listener', { stop }), slow];
  const stopping = stopInReverse(services, { clock, log });
  const rejected = expect(stopping).rejects.toThrow('some services did not stop');
  clock.advance(59_999);
  await settled();
  expect(failed).toEqual([]);
  clock.advance(1);
  await settled();
  expect(failed).toEqual([
    ['service_stop_failed', new Error('the service did not stop within 60000 ms'), { service: 'drain' }],
  ]);
  expect(calls).toEqual([]);
  clock.advance(STOP_WAIT_MS);
  await rejected;
  expect(failed).toHaveLength(2);
  expect(calls).toEqual(['stop store']);
});
