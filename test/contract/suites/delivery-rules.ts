import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ManualClock } from '../../support/manual-clock.js';
import {
  DELIVERY_BOUNDS,
  type DeliveryBounds,
  type DeliveryQueue,
  type DueQuery,
  type NewDelivery,
} from '../../../src/ports/delivery-queue.js';
import type { FeedHold } from '../../../src/ports/event-feed.js';
import { parseEndpointId, parseProjectId } from '../../../src/protocol/ids.js';
import * as f from './fixtures.js';

export interface OpenedQueue {
  readonly queue: DeliveryQueue;
  readonly clock: ManualClock;
  /** The position before every event. */
  readonly feedStart: string;
  /** Takes partition 0 from whoever has it. */
  claim(): Promise<FeedHold>;
  /** Writes events to the feed and returns their positions. */
  feed(count: number): Promise<readonly string[]>;
  feedSize(): Promise<number>;
  close(): Promise<void>;
}

/** Where the manual clock starts. */
const START_MS = 1_900_000_000_000;
const ONE = f.sure(parseProjectId('one'));
const OTHER = f.sure(parseProjectId('other'));
const ENDPOINT = f.sure(parseEndpointId(`wh_${'a'.repeat(24)}`));
const ALL: DueQuery = { limit: 100, perTarget: 100, inFlight: new Set(), resting: new Set() };

export function delivery(id: string, more: Partial<NewDelivery> = {}): NewDelivery {
  const target = { kind: 'endpoint', endpointId: ENDPOINT } as const;
  const event = { eventId: `evt_${id}`, eventType: 'member.joined', createdAtMs: START_MS } as const;
  return { id, ...event, owner: ONE, target, targetKey: 'A', lane: null, body: `{"of":"${id}"}`, ...more };
}

/** Rules WH1 to WH7 of docs/SPEC.md. */
export function deliveryRules(engine: string, open: (bounds: DeliveryBounds) => Promise<OpenedQueue>): void {
  describe(`the deliveries of the ${engine} store`, () => {
    let on: OpenedQueue;
    let hold: FeedHold;
    const opened = async (bounds: Partial<DeliveryBounds> = {}) => {
      on = await open({ ...DELIVERY_BOUNDS, ...bounds });
      hold = await on.claim();
    };
    beforeEach(() => opened());
    afterEach(() => on.close());

    const reopened = async (bounds: Partial<DeliveryBounds>) => {
      await on.close();
      await opened(bounds);
    };
    const plan = (...deliveries: readonly NewDelivery[]) => on.queue.plan(hold, on.feedStart, deliveries);
    const page = async (query: Partial<DueQuery> = {}, held = hold) => {
      const found = await on.queue.due(held, on.clock.nowMs(), { ...ALL, ...query });
      if (found.outcome !== 'due') throw new Error(found.outcome);
      return found;
    };
    const due = async (query: Partial<DueQuery> = {}, held = hold) =>
      (await page(query, held)).deliveries.map(({ id }) => id);
    const retry = (id: string, inMs: number, attempts = 1) =>
      on.queue.settle(hold, id, { kind: 'retry', attempts, dueAtMs: on.clock.nowMs() + inMs });
    const kill = async (id: string) => {
      await on.queue.settle(hold, id, { kind: 'dead', attempts: 10, reason: 'status 500' });
      on.clock.advance(1);
    };
    const dead = async (scope: typeof ONE | 'all', targetKey: string | null = null) =>
      (await on.queue.deadLetters({ scope, targetKey, before: null, limit: 100 })).map(({ id }) => id);

    test('WH1 planning stores the deliveries and removes the events, up to the position', async () => {
      const [, second = ''] = await on.feed(3);
      expect(await on.queue.plan(hold, second, [delivery('a')])).toEqual({
        outcome: 'changed',
        evicted: 0,
        dropped: 0,
      });
      expect(await on.feedSize()).toBe(1);
      const { deliveries, counts, nextDueAtMs } = await page();
      expect(deliveries).toEqual([{ ...delivery('a'), attempts: 0, dueAtMs: on.clock.nowMs() }]);
      expect(counts).toEqual({ waiting: 1, oldestAtMs: START_MS, dead: 0 });
      expect(nextDueAtMs).toBeNull();
    });

    test('WH1 a former owner changes nothing', async () => {
      const [first = ''] = await on.feed(2);
      await plan(delivery('a'));
      const former = hold;
      hold = await on.claim();
      const refused = { outcome: 'not_owner' };
      expect(await on.queue.plan(former, first, [delivery('b')])).toEqual(refused);
      expect(await on.queue.settle(former, 'a', { kind: 'done' })).toEqual(refused);
      expect(await on.queue.trim(former)).toEqual(refused);
      expect(await on.queue.due(former, on.clock.nowMs(), ALL)).toEqual(refused);
      expect(await on.feedSize()).toBe(2);
      expect(await due()).toEqual(['a']);
      expect(await on.queue.plan(hold, first, [])).toMatchObject({ outcome: 'changed' });
      expect(await on.feedSize()).toBe(1);
    });

    test('WH1 a delivery that was planned before is not planned again', async () => {
      await plan(delivery('a'), delivery('b'));
      await retry('a', 1000);
      await kill('b');
      await plan(delivery('a'), delivery('b'));
      expect(await due()).toEqual([]);
    });

    test('WH2 a lane makes its first attempts one after the other; other lanes and targets do not wait', async () => {
      const of = (id: string, lane: string, targetKey = 'A') => delivery(id, { lane, targetKey });
      await plan(of('a1', 'a'), of('a2', 'a'), of('a3', 'a'), of('b1', 'b'), of('c1', 'a', 'C'));
      expect(new Set(await due())).toEqual(new Set(['a1', 'b1', 'c1']));
      await on.queue.settle(hold, 'a1', { kind: 'done' });
      expect(new Set(await due())).toEqual(new Set(['a2', 'b1', 'c1']));
    });

    test('WH2 an attempt that failed does not hold up its lane, whether it is repeated or not', async () => {
      await plan(...['a', 'b', 'c', 'd'].map((id) => delivery(id, { lane: 'one' })));
      await retry('a', 5000);
      expect(await due()).toEqual(['b']);
      await kill('b');
      expect(await due()).toEqual(['c']);
      on.clock.advance(5000);
      expect(await due()).toEqual(['c', 'a']);
      await on.queue.settle(hold, 'a', { kind: 'done' });
      expect(await due()).toEqual(['c']);
    });

    test('WH3 what is in flight stays due, so the next owner sends it again in order', async () => {
      await plan(delivery('a', { lane: 'one' }), delivery('b', { lane: 'one' }), delivery('c'), delivery('d'));
      expect(await due({ inFlight: new Set(['a', 'c']) })).toEqual(['d']);
      const next = await on.claim();
      expect(await due({}, next)).toEqual(['a', 'c', 'd']);
    });

    test('WH3 settling what is not there changes nothing', async () => {
      await plan(delivery('a'));
      await on.queue.settle(hold, 'a', { kind: 'done' });
      await retry('a', 0);
      await kill('a');
      expect(await due()).toEqual([]);
      expect(await dead('all')).toEqual([]);
    });

    test('WH4 no target takes the places of another', async () => {
      const many = Array.from({ length: 20 }, (_, at) => delivery(`a${String(at).padStart(2, '0')}`));
      await plan(...many, delivery('b', { targetKey: 'B' }));
      expect(await due({ perTarget: 3 })).toEqual(['a00', 'a01', 'a02', 'b']);
      expect(await due({ perTarget: 3, inFlight: new Set(['a00', 'a01', 'a02']) })).toEqual(['b']);
      expect(await due({ resting: new Set(['A']) })).toEqual(['b']);
      expect(await due({ perTarget: 3, limit: 2 })).toHaveLength(2);
    });

    test('WH5 a failed delivery is due again at its time, with the count of its attempts', async () => {
      await plan(delivery('a'), delivery('b', { targetKey: 'B' }));
      await retry('a', 5000, 3);
      await retry('b', 300, 1);
      expect(await page()).toMatchObject({ deliveries: [], nextDueAtMs: on.clock.nowMs() + 300 });
      expect(await page({ resting: new Set(['B']) })).toMatchObject({ nextDueAtMs: on.clock.nowMs() + 5000 });
      on.clock.advance(5000);
      const { deliveries } = await page();
      expect(deliveries.map(({ id, attempts }) => [id, attempts])).toEqual([
        ['b', 1],
        ['a', 3],
      ]);
    });

    test('WH5 a target that is busy still tells when its next delivery is due', async () => {
      await plan(delivery('a'), delivery('b'));
      await retry('b', 700);
      expect((await page({ inFlight: new Set(['a']) })).nextDueAtMs).toBe(on.clock.nowMs() + 700);
    });

    test('WH6 dead letters are listed newest first, in pages, to their owner', async () => {
      const foreign = { owner: OTHER, targetKey: 'B' };
      await plan(delivery('a'), delivery('b'), delivery('c', foreign), delivery('d', { targetKey: 'D' }));
      for (const id of ['a', 'b', 'c', 'd']) await kill(id);
      expect(await dead('all')).toEqual(['d', 'c', 'b', 'a']);
      expect(await dead(ONE)).toEqual(['d', 'b', 'a']);
      expect(await dead(ONE, 'A')).toEqual(['b', 'a']);
      expect(await dead(ONE, 'B')).toEqual([]);
      const first = await on.queue.deadLetters({ scope: ONE, targetKey: null, before: null, limit: 2 });
      expect(first[0]).toEqual({
        ...{ id: 'd', eventId: 'evt_d', eventType: 'member.joined', owner: ONE, createdAtMs: START_MS },
        ...{ target: delivery('d').target, targetKey: 'D', partition: 0, attempts: 10, reason: 'status 500' },
        diedAtMs: on.clock.nowMs() - 1,
      });
      const before = f.sure(first[1]);
      const rest = await on.queue.deadLetters({ scope: ONE, targetKey: null, before, limit: 2 });
      expect(rest.map(({ id }) => id)).toEqual(['a']);
    });

    test('WH6 a dead letter that is sent again is due at once with its whole schedule, and no letter any more', async () => {
      await plan(delivery('a', { lane: 'one' }), delivery('b'));
      await kill('a');
      expect(await on.queue.resend({ partition: 0, id: 'a' }, OTHER)).toBe(false);
      expect(await on.queue.resend({ partition: 0, id: 'b' }, ONE)).toBe(false);
      expect(await on.queue.resend({ partition: 4711, id: 'a' }, ONE)).toBe(false);
      expect(await on.queue.resend({ partition: 0, id: 'a' }, ONE)).toBe(true);
      expect(await dead('all')).toEqual([]);
      const { deliveries } = await page();
      expect(deliveries.map(({ id }) => id)).toEqual(['b', 'a']);
      expect(deliveries[1]).toMatchObject({ eventId: 'evt_a', attempts: 0, body: '{"of":"a"}' });
      expect(await on.queue.resend({ partition: 0, id: 'a' }, ONE)).toBe(false);
    });

    test('WH7 a full partition gives up the oldest: they become dead letters, and it says how many', async () => {
      await reopened({ waiting: 3 });
      const lane = { lane: 'one' };
      await plan(delivery('a', lane), delivery('b', lane), delivery('c', lane));
      expect(await plan(delivery('d', lane), delivery('e'))).toEqual({ outcome: 'changed', evicted: 2, dropped: 0 });
      expect(await due()).toEqual(['c', 'e']);
      expect(await dead('all')).toEqual(['b', 'a']);
      expect((await on.queue.deadLetters({ scope: ONE, targetKey: null, before: null, limit: 1 }))[0]).toMatchObject({
        attempts: 0,
        reason: 'the queue was full',
      });
    });

    test('WH28 a delivery that arrives after the bounds gave it up is no dead letter; one that fails still is', async () => {
      await reopened({ waiting: 1 });
      await plan(delivery('a'));
      await plan(delivery('b'));
      await plan(delivery('c'));
      expect(await dead('all')).toHaveLength(2);
      await on.queue.settle(hold, 'a', { kind: 'done' });
      await retry('b', 1000);
      expect(await dead('all')).toEqual(['b']);
      expect((await page()).counts).toMatchObject({ waiting: 1, dead: 1 });
    });

    test('WH7 the bytes of the bodies count', async () => {
      await reopened({ waitingBytes: 100, deadBytes: 100 });
      const long = (id: string) => delivery(id, { body: 'x'.repeat(60) });
      expect(await plan(long('a'), long('b'), long('c'))).toEqual({ outcome: 'changed', evicted: 2, dropped: 1 });
      expect(await due()).toEqual(['c']);
      expect(await dead('all')).toEqual(['b']);
    });

    test('WH7 what waited for too long is given up, and an old dead letter is removed', async () => {
      await reopened({ ageMs: 1000, deadKeptMs: 500, dead: 2 });
      await plan(delivery('a'), delivery('b', { createdAtMs: START_MS + 400 }));
      on.clock.advance(1000);
      expect(await on.queue.trim(hold)).toEqual({ outcome: 'changed', evicted: 1, dropped: 0 });
      expect([await due(), await dead('all')]).toEqual([['b'], ['a']]);
      on.clock.advance(500);
      expect(await on.queue.trim(hold)).toEqual({ outcome: 'changed', evicted: 1, dropped: 1 });
      expect([await due(), await dead('all')]).toEqual([[], ['b']]);
      expect((await page()).counts).toEqual({ waiting: 0, oldestAtMs: null, dead: 1 });
    });
  });
}
