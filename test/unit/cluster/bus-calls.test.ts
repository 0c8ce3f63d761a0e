import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBusHub } from '../../../src/adapters/memory/bus-transport.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { ANSWER_WITHIN_MS, BusCalls } from '../../../src/cluster/bus/bus-calls.js';
import { NumberedBus } from '../../../src/cluster/bus/numbered-bus.js';
import { newNodeId } from '../../../src/cluster/node-id.js';
import { OrderRecovery } from '../../../src/cluster/order-recovery.js';
import { finite, object, text } from '../../../src/lib/shape.js';
import { emptyTallies, type Tallies } from '../../../src/ports/metrics.js';
import type { LossListener } from '../../../src/ports/node-bus.js';
import { callKind } from '../../../src/ports/node-calls.js';
import { Failure } from '../../../src/protocol/failure.js';
import type { NodeId } from '../../../src/protocol/ids.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

const CLOSE = callKind('test.close', object({ name: text }), finite);
const GREET = callKind('test.greet', object({ name: text }), object({ greeting: text }));

async function turns(): Promise<void> {
  for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('calls between nodes', () => {
  let clock: ManualClock;
  let hub: MemoryBusHub;
  let live: NodeId[];

  async function start(): Promise<{ id: NodeId; bus: NumberedBus; calls: BusCalls; tallies: Tallies }> {
    const id = newNodeId(systemCrypto());
    const transport = hub.transportOf(id);
    const tallies = emptyTallies();
    const bus = new NumberedBus({ self: id, transport, clock, log: silentLog, tallies });
    const calls = new BusCalls({ bus, self: id, clock, log: silentLog, nodes: () => live });
    await bus.start();
    live.push(id);
    return { id, bus, calls, tallies };
  }

  beforeEach(() => {
    clock = new ManualClock();
    hub = new MemoryBusHub(clock);
    live = [];
  });

  async function failureOf(call: Promise<unknown>): Promise<Failure> {
    const error: unknown = await call.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Failure)) throw new Error('no failure');
    return error;
  }

  test('JQ10 a node that asks for time is waited for, and one that does not is not', async () => {
    const [a, b] = [await start(), await start()];
    let finish = (): void => undefined;
    b.calls.serve(GREET, async ({ name }, _from, takeTime) => {
      if (name === 'ada') takeTime(3_000);
      await new Promise<void>((resolve) => (finish = resolve));
      return { greeting: `hello ${name}` };
    });
    const slow = a.calls.ask(GREET, b.id, { name: 'ada' });
    await turns();
    clock.advance(2_900);
    await turns();
    finish();
    expect(await slow).toEqual({ greeting: 'hello ada' });
    const late = failureOf(a.calls.ask(GREET, b.id, { name: 'ada' }));
    await turns();
    clock.advance(3_000);
    expect((await late).code).toBe('home_unreachable');
    // The control.
    const silent = failureOf(a.calls.ask(GREET, b.id, { name: 'ben' }));
    await turns();
    clock.advance(ANSWER_WITHIN_MS);
    expect((await silent).code).toBe('home_unreachable');
  });

  test('MN1 an order adds up what the nodes closed, and counts those that answered', async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    b.calls.serve(CLOSE, () => 2);
    c.calls.serve(CLOSE, () => Promise.resolve(3));
    const reach = a.calls.order(CLOSE, { name: 'x' });
    expect(await reach).toEqual({ closed: 5, nodesAcked: 2, nodesTimedOut: 0 });
    expect(clock.pendingTimers).toBe(3);
  });

  test('MN6 a node that does not answer an order is counted after a second, not before', async () => {
    const [a, b] = [await start(), await start()];
    live.push(newNodeId(systemCrypto()));
    b.calls.serve(CLOSE, () => 1);
    let reach: unknown = 'none yet';
    a.calls.order(CLOSE, { name: 'x' }).then(
      (settled) => (reach = settled),
      () => undefined,
    );
    await turns();
    clock.advance(ANSWER_WITHIN_MS - 1);
    await turns();
    expect(reach).toBe('none yet');
    clock.advance(1);
    await turns();
    expect(reach).toEqual({ closed: 1, nodesAcked: 1, nodesTimedOut: 1 });
  });

  test('MN6 an order without other nodes is answered at once', async () => {
    const a = await start();
    expect(await a.calls.order(CLOSE, { name: 'x' })).toEqual({ closed: 0, nodesAcked: 0, nodesTimedOut: 0 });
  });

  test('PR3 a question to all gets the answer of each node', async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    for (const { id, calls } of [b, c]) calls.serve(GREET, ({ name }) => ({ greeting: `${name}, this is ${id}` }));
    const { answers, missing } = await a.calls.askAll(GREET, { name: 'Ada' });
    expect([...answers].toSorted()).toEqual(
      [b, c].map(({ id }) => [id, { greeting: `Ada, this is ${id}` }]).toSorted(),
    );
    expect(missing).toEqual([]);
  });

  test('PR3 a question to all names the node that is silent after a second, and the one that fails at once', async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    b.calls.serve(GREET, () => ({ greeting: 'hello' }));
    c.calls.serve(GREET, () => Promise.reject(new Failure('internal')));
    expect((await a.calls.askAll(GREET, { name: 'x' })).missing).toEqual([c.id]);
    const silent = newNodeId(systemCrypto());
    live.push(silent);
    const asked = a.calls.askAll(GREET, { name: 'x' });
    await turns();
    clock.advance(ANSWER_WITHIN_MS);
    const { answers, missing } = await asked;
    expect([[...answers.keys()], missing]).toEqual([[b.id], [c.id, silent]]);
  });

  test('MN3 news that is announced reaches the others, wants no answer and leaves no deadline', async () => {
    const [a, b] = [await start(), await start()];
    const told: string[] = [];
    b.calls.serve(CLOSE, ({ name }) => told.push(name));
    await turns();
    const [timers, sent] = [clock.pendingTimers, b.tallies.busMessagesOut];
    a.calls.announce(CLOSE, { name: 'x' });
    await turns();
    expect([told, clock.pendingTimers, b.tallies.busMessagesOut]).toEqual([['x'], timers, sent]);
  });

  test('MN5 a question gets the answer of the node that was asked', async () => {
    const [a, b] = [await start(), await start()];
    b.calls.serve(GREET, ({ name }) => ({ greeting: `hello ${name}` }));
    expect(await a.calls.ask(GREET, b.id, { name: 'you' })).toEqual({ greeting: 'hello you' });
  });

  test('MN6 a node that does not answer a question is named', async () => {
    const [a, gone] = [await start(), newNodeId(systemCrypto())];
    const failed = failureOf(a.calls.ask(GREET, gone, { name: 'you' }));
    clock.advance(ANSWER_WITHIN_MS);
    expect(await failed).toMatchObject({ code: 'home_unreachable', details: { node: gone } });
  });

  test('MN8 a failure of the other node reaches the caller, with its code and when to try again', async () => {
    const [a, b] = [await start(), await start()];
    b.calls.serve(GREET, () => Promise.reject(new Failure('session_full', { retryAfterS: 7 })));
    expect(await failureOf(a.calls.ask(GREET, b.id, { name: 'you' }))).toMatchObject({
      code: 'session_full',
      retryAfterS: 7,
    });
  });

  test('MN8 another error of the other node is internal, and its text stays there', async () => {
    const [a, b] = [await start(), await start()];
    b.calls.serve(GREET, () => {
      throw new Error('the secret is 42');
    });
    const failure = await failureOf(a.calls.ask(GREET, b.id, { name: 'you' }));
    expect([failure.code, failure.message.includes('42')]).toEqual(['internal', false]);
  });

  test('MN8 a call that a node does not know, or whose body has another shape, is internal', async () => {
    const [a, b] = [await start(), await start()];
    expect((await failureOf(a.calls.ask(GREET, b.id, { name: 'you' }))).code).toBe('internal');
    const other = callKind(GREET.name, object({ name: finite }), GREET.answer);
    b.calls.serve(GREET, ({ name }) => ({ greeting: name }));
    expect((await failureOf(a.calls.ask(other, b.id, { name: 1 }))).code).toBe('internal');
  });

  test('MN8 malformed calls and answers are dropped', async () => {
    const [a, b] = [await start(), await start()];
    b.calls.serve(GREET, ({ name }) => ({ greeting: `hello ${name}` }));
    for (const body of ['', '{', '[]', '{"id":1}', '{"id":"x","kind":"test.greet"}']) {
      for (const mark of [1, 2]) a.bus.send(b.id, Buffer.from([mark, ...Buffer.from(body)]));
    }
    expect(await a.calls.ask(GREET, b.id, { name: 'you' })).toEqual({ greeting: 'hello you' });
  });
});

describe('the comparison after a loss', () => {
  function stage() {
    const clock = new ManualClock();
    const listeners: LossListener[] = [];
    const outcomes: (() => Promise<void>)[] = [];
    const counted = { checks: 0 };
    const recovery = new OrderRecovery({
      bus: { onLost: (listen) => listeners.push(listen) },
      clock,
      log: silentLog,
      check: () => {
        counted.checks += 1;
        return outcomes.shift()?.() ?? Promise.resolve();
      },
    });
    const from = newNodeId(systemCrypto());
    const lose = (): void => {
      for (const listen of listeners) listen(from);
    };
    return { clock, recovery, outcomes, counted, lose };
  }

  test('MN7 losses of one turn cause one comparison', async () => {
    const { counted, lose } = stage();
    lose();
    lose();
    await turns();
    expect(counted.checks).toBe(1);
  });

  test('MN7 a loss during a comparison causes another one', async () => {
    const { counted, lose, outcomes } = stage();
    let finish: () => void = () => undefined;
    outcomes.push(() => new Promise((resolve) => (finish = resolve)));
    lose();
    await turns();
    lose();
    await turns();
    expect(counted.checks).toBe(1);
    finish();
    await turns();
    expect(counted.checks).toBe(2);
  });

  test('MN7 a comparison is made again until the store has answered', async () => {
    const { clock, counted, lose, outcomes } = stage();
    for (let i = 0; i < 3; i += 1) outcomes.push(() => Promise.reject(new Failure('store_unavailable')));
    lose();
    await turns();
    for (let i = 0; i < 20; i += 1) {
      clock.advance(100);
      await turns();
    }
    expect(counted.checks).toBe(4);
    expect(clock.pendingTimers).toBe(0);
  });

  test('MN7 a node that stops compares nothing more', async () => {
    const { clock, recovery, counted, lose, outcomes } = stage();
    outcomes.push(() => Promise.reject(new Failure('store_unavailable')));
    lose();
    await turns();
    recovery.stop();
    clock.advance(10_000);
    lose();
    await turns();
    expect(counted.checks).toBe(1);
  });
});
