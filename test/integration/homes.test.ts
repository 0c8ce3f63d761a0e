/** Rooms and the store: cases in which one knows something that the other does not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HomeState } from '../../src/ports/relay-home.js';
import type { RelayStore } from '../../src/ports/relay-store.js';
import { Failure } from '../../src/protocol/failure.js';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { TwoNodes } from '../support/two-nodes.js';
import { wrapStore } from '../support/wrap-store.js';

/** The home is told that all is well, whatever the store knows: what every fault here is without the protection. */
const unchecked = wrapStore({
  relay: (): Partial<RelayStore> => ({
    check: (_home, claims) => Promise.resolve(claims.map(() => ({ state: 'same', leftMs: 3_600_000 }))),
  }),
});

const path = (session: RelaySessionAnswer): string => `/v1/relays/sessions/${session.session_id}`;

/** Between a home and its store: what the home heard last of each session, and a way to keep it from asking. */
class Ear {
  isShut = false;
  private readonly heard = new Map<string, HomeState['state'] | undefined>();
  readonly wrap = wrapStore({
    relay: (real): Partial<RelayStore> => ({
      check: async (home, claims) => {
        if (this.isShut) throw new Failure('store_unavailable');
        const states = await real.check(home, claims);
        claims.forEach(({ sessionId }, at) => this.heard.set(sessionId, states[at]?.state));
        return states;
      },
    }),
  });

  /** The home has read all that the store knows, and asked again since. */
  async hasAll({ session_id }: RelaySessionAnswer): Promise<void> {
    this.heard.delete(session_id);
    await eventually(() => (this.heard.get(session_id) === 'same' ? null : String(this.heard.get(session_id))));
  }
}

/** A session at the first of two nodes, with two members. */
interface Opened {
  readonly session: RelaySessionAnswer;
  readonly a: Client;
  readonly b: Client;
}

/** Two nodes of a case of its own, so that cases can wait side by side. */
class Stage {
  private constructor(
    readonly nodes: TwoNodes,
    readonly ear: Ear,
  ) {}

  /** The body of a case: starts the nodes, and stops them when `play` is done. */
  static with(play: (stage: Stage) => Promise<void>): () => Promise<void> {
    return async () => {
      const ear = new Ear();
      const stage = new Stage(await TwoNodes.start(ear.wrap), ear);
      try {
        await play(stage);
      } finally {
        await stage.nodes.stop();
      }
    };
  }

  async open(more: Record<string, unknown> = {}): Promise<Opened> {
    const session = await this.nodes.session(3, more);
    const a = await Client.join(this.nodes.home.socketUrl, pairOf(session, 0));
    const b = await Client.join(this.nodes.home.socketUrl, pairOf(session, 1));
    return { session, a, b };
  }

  async restored(session: RelaySessionAnswer): Promise<void> {
    await eventually(async () => {
      const { status } = await this.nodes.atOther.relays('GET', path(session));
      return status === 200 ? null : `still ${String(status)}`;
    }, 10_000);
  }
}

async function msUntil(isSo: () => boolean, limitMs: number): Promise<number> {
  const startedMs = performance.now();
  await eventually(() => (isSo() ? null : 'not yet'), limitMs);
  return performance.now() - startedMs;
}

async function acked(client: Client, ref: number, deliveryClass: 0 | 2 = 2, limitMs = 20_000): Promise<void> {
  client.relay({ deliveryClass, ref, payload: `entry ${String(ref)}` });
  await eventually(
    () => (client.of('ack').some((ack) => ack.ref === ref) ? null : `no ack of ${String(ref)}`),
    limitMs,
  );
}

describe.concurrent('homes and a store that forgets', () => {
  describe('F30 a room that is over', () => {
    const expectEndInTime = async ({ a, b }: Opened, createdMs: number, lifeMs: number): Promise<void> => {
      await msUntil(() => a.closed !== null && b.closed !== null, lifeMs + 5_000);
      const outlivedMs = performance.now() - createdMs - lifeMs;
      console.info(`outlived its end by ${outlivedMs.toFixed(0)} ms`);
      expect(outlivedMs).toBeLessThan(2_000);
      expect(outlivedMs).toBeGreaterThan(-500);
      expect([a.closed, b.closed]).toEqual(Array(2).fill({ code: 4006, reason: 'session_expired' }));
    };

    it(
      'HM4 is closed within 2 s of its end: with the store up, and emptied',
      Stage.with(async (stage) => {
        let startedMs = performance.now();
        let opened = await stage.open({ expires_in_s: 2 });
        await expectEndInTime(opened, startedMs, 2_000);
        startedMs = performance.now();
        opened = await stage.open({ expires_in_s: 2 });
        await stage.nodes.client.flushall();
        await expectEndInTime(opened, startedMs, 2_000);
      }),
    );

    it(
      'HM4 is closed within 2 s of its end: with the store emptied over and over',
      Stage.with(async (stage) => {
        const startedMs = performance.now();
        const opened = await stage.open({ expires_in_s: 3 });
        const emptying = setInterval(() => {
          stage.nodes.client.flushall().catch(() => undefined);
        }, 50);
        try {
          await expectEndInTime(opened, startedMs, 3_000);
        } finally {
          clearInterval(emptying);
        }
      }),
    );

    it.each(['stalls', 'is gone'])('HM4 is closed within 2 s of its end while the store %s', (how) =>
      Stage.with(async (stage) => {
        const startedMs = performance.now();
        const opened = await stage.open({ expires_in_s: 3 });
        if (how === 'stalls') stage.nodes.redis.pause();
        else await stage.nodes.redis.stop();
        await expectEndInTime(opened, startedMs, 3_000);
      })(),
    );

    it(
      'HM4 is closed within 2 s of its end when another node has swept it, and not before when that one has prolonged it',
      Stage.with(async (stage) => {
        await stage.nodes.loseOrders();
        let opened = await stage.open({ expires_in_s: 5 });
        await stage.ear.hasAll(opened.session);
        const startedMs = performance.now();
        expect((await stage.nodes.atOther.native('PATCH', path(opened.session), { expires_in_s: 6 })).status).toBe(200);
        await expectEndInTime(opened, startedMs, 6_000);
        opened = await stage.open({ expires_in_s: 60 });
        await stage.ear.hasAll(opened.session);
        const shortenedMs = performance.now();
        expect((await stage.nodes.atOther.native('PATCH', path(opened.session), { expires_in_s: 3 })).status).toBe(200);
        await expectEndInTime(opened, shortenedMs, 3_000);
      }),
    );
  });

  describe('F30 what another node did', () => {
    it(
      'HM5 also without an order, settings are taken over, removed members go by their reason, and an end closes with its name, all within 5 s',
      Stage.with(async (stage) => {
        await stage.nodes.loseOrders();
        const { session, a, b } = await stage.open();
        const left = await Client.join(
          stage.nodes.home.socketUrl,
          await stage.nodes.atOther.mint(session.session_id, 'kicked-one'),
        );
        await stage.ear.hasAll(session);
        const startedMs = performance.now();
        const revoke = {
          session_id: session.session_id,
          authorization_token: session.session_users[1]?.authorization_token,
        };
        expect(
          (await stage.nodes.atOther.native('PATCH', path(session), { metadata: { by: 'the other' } })).status,
        ).toBe(200);
        expect((await stage.nodes.atOther.native('POST', `${path(session)}/kick`, { index: left.index })).status).toBe(
          200,
        );
        expect((await stage.nodes.atOther.relays('POST', '/v1/relays/sessions:revoke-user', revoke)).status).toBe(200);
        await msUntil(() => left.closed !== null && b.closed !== null && a.of('session.updated').length > 0, 5_000);
        console.info(`noticed after ${(performance.now() - startedMs).toFixed(0)} ms`);
        expect(left.closed).toEqual({ code: 4001, reason: 'kicked' });
        expect(b.closed).toEqual({ code: 4002, reason: 'revoked' });
        expect(a.of('session.updated')[0]).toMatchObject({ session: { metadata: { by: 'the other' } } });
        expect(a.of('member.left').map(({ index, reason }) => [index, reason])).toEqual(
          expect.arrayContaining([
            [left.index, 'kicked'],
            [b.index, 'revoked'],
          ]),
        );
        expect((await stage.nodes.atOther.relays('DELETE', path(session))).status).toBeLessThan(300);
        await msUntil(() => a.closed !== null, 5_000);
        expect(a.closed).toEqual({ code: 4000, reason: 'session_ended' });
      }),
    );

    it(
      'HM8 a session that another node ended is not put back, though its home could not ask for a while',
      Stage.with(async (stage) => {
        await stage.nodes.loseOrders();
        const { session, a } = await stage.open();
        stage.ear.isShut = true;
        await stage.nodes.atOther.relays('DELETE', path(session));
        await expect(msUntil(() => a.closed !== null, 3_000)).rejects.toThrow('not yet');
        stage.ear.isShut = false;
        await msUntil(() => a.closed !== null, 5_000);
        expect(a.closed).toEqual({ code: 4000, reason: 'session_ended' });
        expect((await stage.nodes.atHome.relays('GET', path(session))).status).toBe(404);
        expect(await Client.attempt(stage.nodes.home.socketUrl, a.welcome.resume.token)).toMatchObject({ status: 404 });
      }),
    );
  });

  describe('F10, F30 what the store has lost', () => {
    it(
      'HM6 FLUSHALL: it is put back within 5 s, nobody notices, members resume with what they missed',
      Stage.with(async (stage) => {
        const { session, a, b } = await stage.open({ metadata: { kept: true } });
        await acked(a, 1);
        await stage.ear.hasAll(session);
        await stage.nodes.client.flushall();
        const tookMs = performance.now();
        await stage.restored(session);
        console.info(`put back after ${(performance.now() - tookMs).toFixed(0)} ms`);
        expect(performance.now() - tookMs).toBeLessThan(5_000);
        b.drop();
        await a.expect('member.away');
        await acked(a, 2);
        const back = await Client.join(stage.nodes.home.socketUrl, b.welcome.resume.token, { query: { seq: '1' } });
        expect(back.welcome).toMatchObject({
          recovered: true,
          you: { index: b.index },
          host: { index: a.index, term: 1 },
        });
        expect(back.welcome.session).toMatchObject({ metadata: { kept: true } });
        await back.expectEntries(1);
        expect(back.texts()).toEqual(['entry 2']);
        expect([a.closed, a.of('error'), a.of('member.left')]).toEqual([null, [], []]);
        // Somebody who was listed and had not come yet.
        await Client.join(stage.nodes.home.socketUrl, pairOf(session, 2));
        expect((await stage.nodes.atOther.relays('GET', '/v1/relays/sessions')).body.total_count).toBe(1);
      }),
    );

    it(
      'HM6 at the home nothing is ever unknown: a resume, a kick and a join right after FLUSHALL',
      Stage.with(async (stage) => {
        const { session, a, b } = await stage.open();
        b.drop();
        await a.expect('member.away');
        await stage.nodes.client.flushall();
        const [resumed, seen] = await Promise.all([
          Client.join(stage.nodes.home.socketUrl, b.welcome.resume.token),
          stage.nodes.atHome.relays('GET', path(session)),
        ]);
        expect(resumed.welcome).toMatchObject({ recovered: true });
        expect(seen.status).toBe(200);
        await stage.nodes.client.flushall();
        const kick = await stage.nodes.atHome.native('POST', `${path(session)}/kick`, { index: b.index });
        expect(kick).toMatchObject({ status: 200, body: { matched: 1, closed: 1 } });
        await stage.nodes.client.flushall();
        expect((await stage.nodes.atHome.relays('DELETE', path(session))).status).toBeLessThan(300);
        expect(await a.expectClosed()).toEqual({ code: 4000, reason: 'session_ended' });
      }),
    );

    it(
      'HM6, F10 a restart without data, beyond the lease: resumes are told, nothing is 500, no room is closed',
      Stage.with(async (stage) => {
        const { session, a, b } = await stage.open();
        await acked(a, 1);
        await stage.nodes.redis.stop();
        await eventually(
          () => {
            a.relay({ deliveryClass: 2, ref: 7, payload: 'r' });
            return a.of('error').length > 0 ? null : 'still acked';
          },
          30_000,
          100,
        );
        b.drop();
        await stage.nodes.restartEmpty();
        await stage.restored(session);
        const back = await Client.join(stage.nodes.home.socketUrl, b.welcome.resume.token, { query: { seq: '1' } });
        expect(back.welcome).toMatchObject({ recovered: true, you: { index: b.index } });
        expect(a.closed).toBeNull();
        // An entry that is refused gets no ack, however long the test waits: the next one has another number.
        for (let ref = 100, isAcked = false; !isAcked; ref += 1) {
          isAcked = await acked(a, ref, 2, 1_000).then(
            () => true,
            () => false,
          );
        }
        const late = await stage.nodes.atHome.relays('GET', '/v1/relays/sessions');
        expect(late.body.total_count).toBe(1);
      }),
      60_000,
    );

    it(
      'HM7 what was revoked, kicked, banned or minted before the loss stays dead; what is minted after it counts',
      Stage.with(async (stage) => {
        const { session } = await stage.open();
        const { session_id } = session;
        const [kicked, banned, early] = await Promise.all(
          ['kicked', 'banned', 'early'].map((user) => stage.nodes.atOther.mint(session_id, user)),
        );
        const member = await Client.join(stage.nodes.home.socketUrl, kicked ?? '');
        await stage.nodes.atHome.native('POST', `${path(session)}/kick`, { index: member.index });
        await stage.nodes.atHome.native('POST', `${path(session)}/kick`, { user_id: 'banned', ban: true });
        const token = session.session_users[2]?.authorization_token;
        await stage.nodes.atHome.relays('POST', '/v1/relays/sessions:revoke-user', {
          session_id,
          authorization_token: token,
        });
        const own = await stage.nodes.atOther.mint(session_id, 'member');
        await Client.join(stage.nodes.home.socketUrl, own);
        await stage.ear.hasAll(session);
        await stage.nodes.client.flushall();
        await stage.restored(session);
        const refusal = (credential = '') => Client.attempt(stage.nodes.home.socketUrl, credential);
        expect(await refusal(kicked)).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
        expect(await refusal(banned)).toMatchObject({ status: 403, body: { code: 'banned' } });
        expect(await refusal(early)).toMatchObject({ status: 403, body: { code: 'credential_revoked' } });
        expect(await refusal(pairOf(session, 2))).toMatchObject({ status: 401 });
        const answer = await stage.nodes.atOther.native('POST', `${path(session)}/tokens`, { user_id: 'banned' });
        expect(answer).toMatchObject({ status: 403, body: { code: 'banned' } });
        expect(await refusal(own)).toBeInstanceOf(Client);
        expect(await refusal(await stage.nodes.atOther.mint(session_id, 'fresh'))).toBeInstanceOf(Client);
      }),
    );

    it(
      'HM10 a session that a replica had not all of: a member, a setting and the host are put back',
      Stage.with(async (stage) => {
        const { session, a, b } = await stage.open();
        const [fields = ''] = (await stage.nodes.keysOf(session.session_id)).filter((key) => key.endsWith(':fields'));
        await stage.ear.hasAll(session);
        const before = await stage.nodes.client.hgetall(fields);
        const copies = await Promise.all(
          (await stage.nodes.keysOf(session.session_id)).map(
            async (key) => [key, await stage.nodes.client.dumpBuffer(key)] as const,
          ),
        );
        const late = await Client.join(
          stage.nodes.home.socketUrl,
          await stage.nodes.atOther.mint(session.session_id, 'late'),
        );
        expect((await stage.nodes.atHome.native('PATCH', path(session), { metadata: { is: 'newer' } })).status).toBe(
          200,
        );
        a.say({ type: 'host', index: b.index });
        await b.expect('host');
        await stage.ear.hasAll(session);
        // The failover: what is there is older than what was acknowledged.
        await stage.nodes.client.del(...(await stage.nodes.keysOf(session.session_id)));
        for (const [key, copy] of copies) await stage.nodes.client.call('RESTORE', key, 0, copy);
        expect(await stage.nodes.client.hgetall(fields)).toEqual(before);
        await eventually(async () => {
          const found = await stage.nodes.atOther.relays('GET', path(session));
          const { term, metadata } = await stage.nodes.client.hgetall(fields);
          return metadata === '{"is":"newer"}' && term === '2' ? null : JSON.stringify([found.status, metadata, term]);
        }, 5_000);
        late.drop();
        await a.expect('member.away');
        const resumed = await Client.join(stage.nodes.home.socketUrl, late.welcome.resume.token);
        expect(resumed.welcome).toMatchObject({ recovered: true, host: { index: b.index, term: 2 } });
        expect([a.closed, b.closed]).toEqual([null, null]);
      }),
    );

    it(
      'HM11 after the store forgot the nodes, nobody claims a session of a home that lives',
      Stage.with(async (stage) => {
        const { session, a, b } = await stage.open();
        for (let n = 0; n < 5; n += 1) {
          await stage.nodes.client.flushall();
          await eventually(async () => {
            const outcome = await Client.attempt(stage.nodes.other.socketUrl, pairOf(session, 2));
            if (!(outcome instanceof Client)) return String(outcome.body.code);
            // The other node became a satellite of the home.
            const { node } = await outcome.expect('welcome');
            expect(node).toBe(a.welcome.node);
            outcome.drop();
            return null;
          }, 5_000);
        }
        await a.settle();
        expect([a.closed, b.closed]).toEqual([null, null]);
      }),
    );
  });
});

describe.concurrent('F30 the control: a home that is not told', () => {
  it('HM5, HM6, HM4 stays open after the session has ended elsewhere, is never put back, and outlives its end', async () => {
    const nodes = await TwoNodes.start(unchecked);
    try {
      const session = await nodes.session(2, { expires_in_s: 3 });
      const a = await Client.join(nodes.home.socketUrl, pairOf(session, 0));
      await nodes.client.flushall();
      const startedMs = performance.now();
      await expect(msUntil(() => a.closed !== null, 5_500)).rejects.toThrow('not yet');
      expect(performance.now() - startedMs).toBeGreaterThan(5_000);
      expect((await nodes.atOther.relays('GET', path(session))).status).toBe(404);
    } finally {
      await nodes.stop();
    }
  });
});

describe('F4 a home that was frozen', () => {
  let redis: RedisServer;
  let home: GatewayProcess;
  let other: RunningGateway;

  beforeEach(async () => {
    redis = await startRedisServer();
    const env = (zone: string) => ({ SALLYPORT_REDIS_PREFIX: 'frozen', SALLYPORT_NODE_LABELS: `zone=${zone}` });
    home = await startGatewayProcess({ ...env('first'), SALLYPORT_REDIS_URL: redis.url });
    other = await startGateway({ redisUrl: redis.url, env: env('second') });
  });

  afterEach(async () => {
    home.child.kill('SIGCONT');
    await home.stop();
    await other.stop();
    await redis.stop();
  });

  it('HM9, F4 acks and numbers nothing when it wakes, and closes its sockets with 4201 within 2 s', async () => {
    const backend = new Backend(home.url);
    const session = await backend.createSession(3, {
      filters: [{ field: 'zone', values: ['first'], filter_type: 'any' }],
    });
    const a = await Client.join(home.socketUrl, pairOf(session, 0));
    const b = await Client.join(home.socketUrl, pairOf(session, 1));
    await acked(a, 1, 0);
    home.child.kill('SIGSTOP');
    const frozenMs = performance.now();
    for (const deliveryClass of [0, 1, 2] as const) {
      a.relay({ deliveryClass, key: 1, ref: 10 + deliveryClass, payload: 'stale' });
    }
    a.relay({ deliveryClass: 0, payload: 'nobody waits for an ack' });
    let c: Client | null = null;
    await eventually(async () => {
      const outcome = await Client.attempt(other.socketUrl, pairOf(session, 2));
      if (outcome instanceof Client) c = outcome;
      return outcome instanceof Client ? null : `${String(outcome.status)} ${String(outcome.body.code)}`;
    }, 10_000);
    console.info(`claimed after ${(performance.now() - frozenMs).toFixed(0)} ms`);
    expect(performance.now() - frozenMs).toBeLessThan(5_000);
    home.child.kill('SIGCONT');
    const wokeMs = await msUntil(() => a.closed !== null && b.closed !== null, 5_000);
    console.info(`closed ${wokeMs.toFixed(0)} ms after it woke`);
    expect(wokeMs).toBeLessThan(2_000);
    expect([a.closed, b.closed]).toEqual(Array(2).fill({ code: 4201, reason: 'moved' }));
    expect(a.of('ack').map(({ ref }) => ref)).toEqual([1]);
    expect(a.of('error').map(({ code, ref }) => [code, ref])).toEqual(
      [10, 11, 12].map((ref) => ['store_unavailable', ref]),
    );
    // The control: it did read what was sent to it, and relayed what asked for no ack.
    expect(b.texts()).toEqual(['entry 1', 'nobody waits for an ack']);
    expect((c as unknown as Client).entries).toEqual([]);
    const moved = await Client.join(other.socketUrl, a.welcome.resume.token);
    expect(moved.welcome).toMatchObject({ recovered: false, you: { index: a.index, role: 'host' } });
  });
});
