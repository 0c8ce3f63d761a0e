import { afterEach, describe, expect, inject, it } from 'vitest';
import { Failure } from '../../src/protocol/failure.js';
import type { RelayStore } from '../../src/ports/relay-store.js';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { wrapStore } from '../support/wrap-store.js';

/** The call takes effect, and its reply is lost: once, or as long as the test says. */
function losing<M extends 'leave' | 'kick' | 'handOverHost'>(method: M): (real: RelayStore) => Partial<RelayStore> {
  let lost = 0;
  return (real) => ({
    [method]: async (...args: unknown[]) => {
      const call: unknown = Reflect.get(real, method);
      if (typeof call !== 'function') throw new Error('unreachable');
      const reply: unknown = await Reflect.apply(call, real, args);
      lost += 1;
      if (lost === 1) throw new Failure('store_unavailable', { retryAfterS: 1 });
      return reply;
    },
  });
}

describe('a step that took effect and whose reply was lost', () => {
  let running: RunningGateway | null = null;

  afterEach(async () => {
    await running?.stop();
  });

  async function roomOf(relay: (real: RelayStore) => Partial<RelayStore>): Promise<[Client, Client, Backend, string]> {
    running = await startGateway({ wrapStore: wrapStore({ relay }) });
    const backend = new Backend(running.url);
    const session = await backend.createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    const b = await Client.join(running.socketUrl, pairOf(session, 1));
    return [a, b, backend, session.session_id];
  }

  it('HM3 of a leave: the room learns who the host is now', async () => {
    const [a, b] = await roomOf(losing('leave'));
    a.say({ type: 'leave' });
    expect(await b.expect('host')).toEqual({ type: 'host', index: b.index, term: 2 });
    expect(b.of('member.left')).toEqual([{ type: 'member.left', index: a.index, reason: 'left' }]);
    b.say({ type: 'lock', locked: true });
    await b.expect('session.updated');
  });

  it('HM3 of a hand-over: saying it again works', async () => {
    const [a, b] = await roomOf(losing('handOverHost'));
    a.say({ type: 'host', index: b.index });
    expect(await a.expect('error')).toMatchObject({ code: 'store_unavailable' });
    a.say({ type: 'host', index: b.index });
    expect(await b.expect('host')).toEqual({ type: 'host', index: b.index, term: 2 });
    expect(a.of('error')).toHaveLength(1);
  });

  it('HM3 of a kick: the retry finds nobody in the store and still closes the socket here', async () => {
    const [a, b, backend, id] = await roomOf(losing('kick'));
    const kick = (): ReturnType<Backend['native']> =>
      backend.native('POST', `/v1/relays/sessions/${id}/kick`, { user_id: a.welcome.you.user_id });
    expect((await kick()).status).toBe(503);
    expect(await a.expectClosed()).toMatchObject({ code: 4001 });
    expect(await kick()).toMatchObject({ status: 200, body: { matched: 0 } });
    expect(await b.expect('member.left')).toMatchObject({ index: a.index, reason: 'kicked' });
    expect(await b.expect('host')).toEqual({ type: 'host', index: b.index, term: 2 });
  });
});

describe('a socket whose handshake was given up', () => {
  it('MB8 is never heard of; the next one of its user is heard to join', async () => {
    let release = (): void => undefined;
    let isHeld = false;
    const held = new Promise<void>((resolve) => (release = resolve));
    const holdSecond = (real: RelayStore): Partial<RelayStore> => ({
      join: async (request) => {
        const result = await real.join(request);
        if (!request.dryRun && result.outcome === 'joined' && result.userId === 'late' && !isHeld) {
          isHeld = true;
          await held;
        }
        return result;
      },
    });
    const running = await startGateway({ wrapStore: wrapStore({ relay: holdSecond }) });
    try {
      const backend = new Backend(running.url);
      const session = await backend.createSession(1);
      const a = await Client.join(running.socketUrl, pairOf(session));
      const token = await backend.mint(session.session_id, 'late');
      const aborted = Client.attempt(running.socketUrl, token).catch(() => null);
      await eventually(() => (isHeld ? null : 'the first join is not there yet'));
      const late = await Client.join(running.socketUrl, token);
      expect(await a.expect('member.joined')).toMatchObject({ member: { index: late.index, user_id: 'late' } });
      release();
      const first = await aborted;
      if (first instanceof Client) await first.expectClosed();
      await a.settle();
      expect(a.of('member.back')).toEqual([]);
      expect(late.closed).toBeNull();
    } finally {
      await running.stop();
    }
  });
});

describe('homes', () => {
  it('HM2 a node whose lease was lost closes what another one claimed with 4201, and numbers nothing before that', async () => {
    let isCut = false;
    const cut = wrapStore({
      nodes: (real) => ({
        heartbeat: (report, leaseMs) =>
          isCut ? Promise.reject(new Failure('store_unavailable')) : real.heartbeat(report, leaseMs),
      }),
    });
    const env = { SALLYPORT_REDIS_PREFIX: `homes-${String(Math.random())}:` };
    const first = await startGateway({ redisUrl: inject('redisUrl'), env, wrapStore: cut });
    const second = await startGateway({ redisUrl: inject('redisUrl'), env });
    try {
      const backend = new Backend(first.url);
      // Placed on the first by its load: both are empty, so the one that is asked is as good; make sure of it.
      let session = await backend.createSession(2);
      let a = await Client.attempt(first.socketUrl, pairOf(session, 0));
      for (let n = 0; n < 20 && !(a instanceof Client); n += 1) {
        session = await backend.createSession(2);
        a = await Client.attempt(first.socketUrl, pairOf(session, 0));
      }
      if (!(a instanceof Client)) throw new Error('no session was placed on the first node');
      await a.expect('welcome');
      // HM1: with the home alive, the other one is its satellite and leaves it alone.
      const far = await Client.join(second.socketUrl, pairOf(session, 1));
      expect(far.welcome.node).toBe(a.welcome.node);
      far.drop();
      isCut = true;
      let b: Client | null = null;
      await eventually(async () => {
        const outcome = await Client.attempt(second.socketUrl, pairOf(session, 1));
        if (!(outcome instanceof Client)) return `${String(outcome.status)} ${String(outcome.body.code)}`;
        if ((await outcome.expect('welcome')).node === far.welcome.node) {
          outcome.drop();
          return 'the old home still admits';
        }
        b = outcome;
        return null;
      }, 15_000);
      a.relay({ deliveryClass: 2, ref: 1, payload: 'stale' });
      expect(await a.expect('error')).toMatchObject({ code: 'store_unavailable', ref: 1 });
      isCut = false;
      expect(await a.expectClosed()).toEqual({ code: 4201, reason: 'moved' });
      const moved = await Client.join(second.socketUrl, a.welcome.resume.token);
      expect(moved.welcome).toMatchObject({ recovered: false, you: { index: a.index, role: 'host' } });
      expect((b as unknown as Client).entries).toEqual([]);
    } finally {
      await first.stop();
      await second.stop();
    }
  }, 60_000);
});
