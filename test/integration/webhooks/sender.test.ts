import { z } from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RETRY_DELAYS_MS } from '../../../src/events/schedule.js';
import { ROTATED_SECRET_VALID_MS } from '../../../src/events/endpoints.js';
import { eventually } from '../../support/eventually.js';
import { startWebhookRig, type WebhookRig } from '../../support/webhook-rig.js';
import { startTarget, status, verify, type WebhookTarget } from '../../support/webhook-target.js';
import * as f from '../../contract/suites/fixtures.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';

const MINUTE = 60_000;
const seen = z.object({ session_id: z.string(), sequence: z.number() });
const SESSIONS = ['a', 'b', 'c', 'd'];

describe('webhooks', () => {
  let rig: WebhookRig;
  let target: WebhookTarget;
  let other: WebhookTarget;
  beforeEach(async () => {
    rig = await startWebhookRig();
    target = await startTarget(() => rig.clock.nowMs());
    other = await startTarget(() => rig.clock.nowMs());
  });
  afterEach(async () => {
    await rig.stop();
    await target.stop();
    await other.stop();
  });

  const register = async (at = target, types: readonly string[] | null = null) =>
    rig.endpoints.create(f.ACME, `${at.url}/hook`, types);
  const idsAt = ({ received }: WebhookTarget) => received.map(({ id }) => id);
  const deadLetters = () => rig.queue.deadLetters({ scope: 'all', targetKey: null, before: null, limit: 100 });

  test('WH8 a target that is down for ten minutes gets every event later, with the same id, signed, on schedule', async () => {
    const { secret } = await register();
    target.answer = status(503);
    const events = Array.from({ length: 20 }, (_, at) => rig.event(SESSIONS[at % 4]));
    await rig.plan(...events);
    await rig.pass(10_000, 250);
    await rig.pass(10 * MINUTE, 5000);
    target.answer = status(204);
    const beforeUp = target.received.length;
    await rig.pass(45 * MINUTE, 10_000);
    const delivered = target.received.slice(beforeUp);
    expect(new Set(delivered.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)));
    expect(delivered).toHaveLength(events.length);
    for (const call of target.received) expect(verify(secret, call, call.atMs)).toMatchObject({ id: call.id });
    for (const { id } of events) {
      const times = target.received.filter((call) => call.id === id).map(({ atMs }) => atMs);
      const waits = times.slice(1).map((atMs, at) => atMs - f.sure(times[at]));
      expect(waits).toHaveLength(3);
      for (const [at, waitMs] of waits.entries()) {
        const plannedMs = f.sure(RETRY_DELAYS_MS[at]);
        expect(waitMs).toBeGreaterThanOrEqual(plannedMs);
        expect(waitMs).toBeLessThanOrEqual(plannedMs * 1.2 + 10_000);
      }
    }
    expect(rig.tallies).toMatchObject({ webhooksDelivered: 20, webhooksRetried: 60, webhooksDead: 0 });
  });

  test('WH9 the events of a session arrive in order where the target answers 2xx', async () => {
    await register();
    const order = (session: string) =>
      target.received.flatMap(({ body }) => {
        const event: unknown = JSON.parse(body);
        const { session_id, sequence } = seen.parse(event);
        return session_id.startsWith(session) ? [sequence] : [];
      });
    await rig.plan(...Array.from({ length: 40 }, (_, at) => rig.event(SESSIONS[at % 2])));
    await eventually(() => (target.received.length === 40 ? null : `${String(target.received.length)} arrived`));
    const all = Array.from({ length: 20 }, (_, at) => at + 1);
    expect([order('a'), order('b')]).toEqual([all, all]);
  });

  test('WH10 after a node dies in the middle, the next owner delivers the rest: nothing is lost, repeats keep their id', async () => {
    await register();
    let isDead = false;
    target.answer = (response, call) => {
      if (!isDead || call.id > 'evt_000030') status(204)(response);
    };
    const events = Array.from({ length: 60 }, (_, at) => rig.event(SESSIONS[at % 4]));
    isDead = true;
    await rig.plan(...events);
    await eventually(() => (target.received.length > 0 ? null : 'nothing arrived'));
    isDead = false;
    await rig.failOver();
    await eventually(() => (new Set(idsAt(target)).size === 60 ? null : 'not everything arrived'));
    await rig.idle();
    expect(rig.sender.counts()).toMatchObject({ waiting: 0, dead: 0 });
    expect(target.received.length).toBeGreaterThan(60);
  });

  test('WH11 a target that hangs, drips, floods or redirects is cut, and holds up no other', async () => {
    const slow = await Promise.all(
      ['hang', 'drip', 'flood', 'redirect'].map(async (kind) => ({
        kind,
        target: await startTarget(() => rig.clock.nowMs()),
      })),
    );
    const stolen = await startTarget(() => rig.clock.nowMs());
    for (const { kind, target: each } of slow) {
      each.answer = (response) => {
        if (kind === 'redirect') response.writeHead(307, { location: `${stolen.url}/` }).end();
        if (kind === 'flood') response.writeHead(200).end(Buffer.alloc(10 * 1024 * 1024));
        if (kind === 'drip') response.writeHead(500).write('.');
      };
      await register(each);
    }
    await register();
    const events = Array.from({ length: 100 }, (_, at) => rig.event(SESSIONS[at % 4]));
    await rig.plan(...events);
    await eventually(() => (target.received.length === 100 ? null : 'the others wait'));
    // While the one that hangs still has its first calls.
    const hanging = f.sure(slow.find(({ kind }) => kind === 'hang')).target;
    expect(rig.sender.counts().inFlight).toBeGreaterThan(0);
    expect(hanging.received.length).toBeLessThanOrEqual(SESSIONS.length);
    await eventually(() => (rig.tallies.webhooksDelivered >= 200 ? null : 'the flood is not cut'));
    expect(stolen.received).toEqual([]);
    expect(rig.tallies.webhooksRetried).toBeGreaterThan(0);
    await rig.stop();
    for (const { target: each } of [...slow, { target: stolen }]) await each.stop();
  });

  test('WH12 a receiver refuses a changed body, an old message and a foreign secret; the control fits', async () => {
    const { secret } = await register();
    await rig.plan(rig.event());
    await eventually(() => (target.received.length === 1 ? null : 'nothing arrived'));
    const call = f.sure(target.received[0]);
    expect(verify(secret, call, call.atMs)).toMatchObject({ type: 'user.revoked' });
    expect(() => verify(secret, { ...call, body: call.body.replace('revoked', 'invoked') }, call.atMs)).toThrow();
    expect(() => verify(secret, call, call.atMs + 6 * MINUTE)).toThrow(/old/);
    expect(() => verify(rig.signer.newSecret(systemCrypto()), call, call.atMs)).toThrow();
    const renamed = { ...call, headers: { ...call.headers, 'webhook-id': 'evt_other' } };
    expect(() => verify(secret, renamed, call.atMs)).toThrow();
  });

  test('WH13 a rotated secret signs for a day beside the new one, and no longer', async () => {
    const { endpoint, secret: former } = await register();
    const { secret: newest } = await rig.endpoints.rotate(endpoint.id, f.ACME);
    expect(newest).not.toBe(former);
    const deliver = async () => {
      await rig.plan(rig.event());
      await rig.idle();
      return f.sure(target.received.at(-1));
    };
    const first = await deliver();
    expect([verify(newest, first, first.atMs), verify(former, first, first.atMs)]).toHaveLength(2);
    rig.clock.advance(ROTATED_SECRET_VALID_MS + 1);
    const later = await deliver();
    expect(later.id).not.toBe(first.id);
    expect(verify(newest, later, later.atMs)).toMatchObject({ id: later.id });
    expect(() => verify(former, later, later.atMs)).toThrow();
  });

  test('WH14 410 pauses the endpoint and ends the delivery; its other events wait until it is resumed', async () => {
    const { endpoint } = await register();
    target.answer = status(410);
    await rig.plan(rig.event('a'), rig.event('a'));
    await eventually(async () => ((await deadLetters()).length === 1 ? null : 'nothing is given up'));
    await rig.idle();
    expect(await rig.endpoints.existing(endpoint.id, f.ACME)).toMatchObject({ paused: 'gone' });
    await rig.pass(10_000, 1000);
    expect(target.received).toHaveLength(1);
    expect(rig.sender.counts()).toMatchObject({ waiting: 1, dead: 1 });
    target.answer = status(204);
    await rig.endpoints.change(endpoint.id, f.ACME, { paused: false });
    await rig.pass(2000, 500);
    expect(idsAt(target)).toEqual(['evt_000001', 'evt_000002']);
  });

  test('WH15 a paused endpoint gets nothing, its deliveries wait, and others go on', async () => {
    const { endpoint } = await register();
    await register(other);
    await rig.endpoints.change(endpoint.id, f.ACME, { paused: true });
    await rig.plan(rig.event(), rig.event());
    await eventually(() => (other.received.length === 2 ? null : 'the other waits'));
    await rig.pass(3000, 500);
    expect([target.received.length, rig.sender.counts().waiting]).toEqual([0, 2]);
    await rig.endpoints.change(endpoint.id, f.ACME, { paused: false });
    await rig.pass(1000, 500);
    expect(idsAt(target)).toEqual(idsAt(other));
  });

  test('WH16 after ten attempts a delivery is a dead letter; sent again it has the same id; the log names the target once', async () => {
    const { secret } = await register();
    target.answer = status(500);
    await rig.plan(rig.event('a'), rig.event('b'));
    for (const delayMs of RETRY_DELAYS_MS) {
      await rig.idle();
      await rig.pass(delayMs * 1.2 + 1000, delayMs * 1.2 + 1000);
    }
    await rig.idle();
    const [letter, ...rest] = await deadLetters();
    expect(rest).toHaveLength(1);
    expect(letter).toMatchObject({ attempts: 10, reason: 'status 500' });
    expect(target.received).toHaveLength(20);
    const named = rig.log.events.map(({ event }) => event).filter((event) => event.startsWith('webhook_target_'));
    expect(named).toEqual(['webhook_target_failing', 'webhook_target_dead']);
    target.answer = status(204);
    const { partition, id, eventId } = f.sure(letter);
    expect(await rig.queue.resend({ partition, id }, f.ACME)).toBe(true);
    rig.sender.wake(0);
    await rig.idle();
    const call = f.sure(target.received.at(-1));
    expect(call.id).toBe(eventId);
    expect(verify(secret, call, call.atMs)).toMatchObject({ id: eventId });
    expect(rig.log.events.at(-1)?.event).toBe('webhook_target_recovered');
  });

  test('WH17 an endpoint gets the types and families it asks for, of its own project; a removed one gets nothing', async () => {
    const { endpoint } = await register(target, ['user.*']);
    await register(other, ['member.left']);
    await rig.plan(rig.event(), rig.event('a', { projectId: f.OTHER }));
    await rig.idle();
    expect([idsAt(target), idsAt(other)]).toEqual([['evt_000001'], []]);
    target.answer = status(500);
    await rig.plan(rig.event());
    await rig.idle();
    await rig.endpoints.remove(endpoint.id, f.ACME);
    await rig.pass(7000, 1000);
    expect(target.received).toHaveLength(2);
    expect(rig.sender.counts()).toMatchObject({ waiting: 0, dead: 0 });
    expect(rig.tallies.webhooksOrphaned).toBe(1);
  });

  test('WH7 what a full queue gives up is counted and logged', async () => {
    await rig.stop();
    const bounds = { waiting: 3, waitingBytes: 1e6, ageMs: 1e9, dead: 2, deadBytes: 1e6, deadKeptMs: 1e9 };
    rig = await startWebhookRig({ deliveryBounds: bounds });
    target.answer = () => undefined;
    await register();
    await rig.plan(...Array.from({ length: 8 }, () => rig.event()));
    expect(rig.tallies).toMatchObject({ webhooksEvicted: 5, deadLettersDropped: 3 });
    expect(rig.log.events).toContainEqual({
      ...{ level: 'warn', event: 'webhooks_given_up' },
      fields: { partition: 0, dead_letters: 5, dropped: 3 },
    });
  });

  test('WH32 a failing target is forgotten when its endpoint is removed, and when it was not tried for 30 h', async () => {
    target.answer = status(500);
    other.answer = status(410);
    const { endpoint } = await register();
    await register(other);
    await rig.plan(rig.event());
    await eventually(() => (rig.sender.counts().failingTargets === 2 ? null : 'two targets fail'));
    await rig.idle();
    await rig.endpoints.remove(endpoint.id, f.ACME);
    await rig.pass(2000, 500);
    expect(rig.sender.counts().failingTargets).toBe(1);
    await rig.pass(29 * 60 * MINUTE, 60 * MINUTE);
    expect(rig.sender.counts().failingTargets).toBe(1);
    await rig.pass(2 * 60 * MINUTE, 60 * MINUTE);
    expect(rig.sender.counts().failingTargets).toBe(0);
  });

  describe('a node that gives a partition up', () => {
    const answers: (() => void)[] = [];
    /** One delivery is under way, and the target answers when the test says so. */
    const underWay = async () => {
      await register();
      answers.length = 0;
      target.answer = (response) => answers.push(() => status(204)(response));
      await rig.plan(rig.event());
      await eventually(() => (answers.length === 1 ? null : 'nothing arrived'));
    };
    const givingUp = () => {
      const state = { isOver: false };
      const over = rig.sender.disown(0).then(() => (state.isOver = true));
      return { state, over };
    };

    test('WH25 waits for its attempts, so that the next owner does not send again what arrived', async () => {
      await underWay();
      const { state, over } = givingUp();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(state.isOver).toBe(false);
      f.sure(answers[0])();
      await over;
      await rig.ownAgain();
      await rig.idle();
      expect(rig.sender.counts()).toMatchObject({ waiting: 0, inFlight: 0 });
      expect(target.received).toHaveLength(1);
    });

    test('WH25 waits for 1.5 s at most; the next owner sends again what hangs', async () => {
      await underWay();
      const { over } = givingUp();
      rig.clock.advance(1500);
      await over;
      expect(rig.sender.counts().inFlight).toBe(0);
      await rig.ownAgain();
      await eventually(() => (target.received.length === 2 ? null : 'it is not sent again'));
      expect(new Set(idsAt(target)).size).toBe(1);
    });

    test('WH25 and takes it again does not send a second time what is still under way', async () => {
      await underWay();
      const { over } = givingUp();
      await rig.ownAgain();
      rig.clock.advance(1500);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect([target.received.length, rig.sender.counts().inFlight]).toEqual([1, 1]);
      f.sure(answers[0])();
      await over;
      await rig.idle();
      rig.sender.wake(0);
      await rig.idle();
      expect(target.received).toHaveLength(1);
      expect(rig.sender.counts().waiting).toBe(0);
    });
  });
});
