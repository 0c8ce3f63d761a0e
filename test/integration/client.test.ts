import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RelayClient, type RelayClientOptions } from '../../src/client/client.js';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { freePort } from '../support/redis-server.js';
import { listenTo } from '../unit/client/fakes.js';

const CLIENT = fileURLToPath(new URL('../../dist/src/client/client.js', import.meta.url));

/** A client of the SDK as an application would have it, whose network a test can take away. */
class Player {
  readonly client: RelayClient;
  readonly told: ReturnType<typeof listenTo>;
  private socket: WebSocket | null = null;
  private isOffline = false;

  constructor(url: string, credential: RelayClientOptions['credential'], options: Partial<RelayClientOptions> = {}) {
    const opened = (socket: WebSocket): void => {
      this.socket = socket;
    };
    const reachable = (target: string): string => (this.isOffline ? 'ws://127.0.0.1:1' : target);
    this.client = new RelayClient({
      url,
      credential,
      reconnect: { baseMs: 20, capMs: 200 },
      WebSocket: class extends WebSocket {
        constructor(target: string, protocols: string[]) {
          super(reachable(target), protocols);
          opened(this);
        }
      },
      ...options,
    });
    this.told = listenTo(this.client);
  }

  /** The link goes without a close frame. */
  drop(): void {
    this.socket?.terminate();
  }

  goOffline(): void {
    this.isOffline = true;
    this.drop();
  }

  goOnline(): void {
    this.isOffline = false;
  }

  texts(): string[] {
    return this.told.message.map((message) => message.text());
  }

  async heard(count: number): Promise<void> {
    await eventually(() => (this.told.message.length >= count ? null : `heard ${this.texts().join(' ')}`));
  }

  /** Whatever was sent to it before is here now. */
  async settle(): Promise<void> {
    await this.client.ping();
  }

  async opened(times: number): Promise<void> {
    await eventually(() => (this.told.open.length >= times ? null : JSON.stringify(this.told.disconnected)), 15_000);
  }
}

describe.each(STORES)('the client SDK on $store', ({ store, redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;
  let players: Player[] = [];

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(), // The limit of work time is about the machine's speed, and has tests of its own.
      env: { SALLYPORT_REPLAY_MAX_ENTRIES: '64', SALLYPORT_WORK_MS_PER_S: '0' },
    });
    backend = new Backend(running.url);
  });

  afterEach(async () => {
    await Promise.all(players.map(({ client }) => client.stop()));
    players = [];
  });

  afterAll(() => running.stop());

  async function join(url: string, credential: string, options: Partial<RelayClientOptions> = {}): Promise<Player> {
    const player = new Player(url, credential, options);
    players.push(player);
    await player.client.connect();
    return player;
  }

  async function room(users: 2 | 3): Promise<{ session: RelaySessionAnswer; a: Player; b: Player; c: Player }> {
    const session = await backend.createSession(users);
    const made: Player[] = [];
    for (let n = 0; n < users; n += 1) made.push(await join(running.url, pairOf(session, n)));
    const [a, b, c = b] = made;
    if (a === undefined || b === undefined || c === undefined) throw new Error('unreachable');
    return { session, a, b, c };
  }

  it('CL22 messages of every class arrive as they were sent, at everybody or at their targets', async () => {
    const { session, a, b, c } = await room(3);
    expect(a.client.send('v')).toBe('sent');
    a.client.send('l', { class: 'latest', key: 7 });
    a.client.send(Uint8Array.of(0x72), { class: 'reliable' });
    a.client.send('for c', { class: 'reliable', to: 2 });
    a.client.send('as host', { asHost: true });
    await Promise.all([b.heard(4), c.heard(5)]);
    await Promise.all([a.settle(), b.settle()]);
    expect(b.told.message).toMatchObject([
      { sender: 0, class: 'volatile', key: null, seq: null, targeted: false },
      { class: 'latest', key: 7 },
      { class: 'reliable', seq: 1 },
      { class: 'volatile' },
    ]);
    expect(c.texts()).toEqual(['v', 'l', 'r', 'for c', 'as host']);
    expect(c.told.message[3]).toMatchObject({ targeted: true, seq: 2 });
    expect(a.texts()).toEqual([]);
    const payload_base64 = Buffer.from('from behind').toString('base64');
    await backend.native('POST', `/v1/relays/sessions/${session.session_id}/messages`, {
      class: 'reliable',
      payload_base64,
    });
    await a.heard(1);
    expect(a.told.message).toMatchObject([{ fromBackend: true, seq: 3 }]);
  });

  it('CL11 acks carry the number; what the gateway refuses is rejected with its code', async () => {
    const { a, b } = await room(2);
    expect(await a.client.send('1', { class: 'reliable', ack: true })).toBe(1);
    expect(await a.client.send('2', { class: 'reliable', ack: true })).toBe(2);
    expect(await a.client.send('3', { ack: true })).toBe(0);
    await expect(a.client.send('4', { ack: true, to: [9] })).rejects.toMatchObject({ code: 'unknown_member' });
    await expect(b.client.send('5', { ack: true, asHost: true })).rejects.toMatchObject({ code: 'stale_host' });
    a.client.send('6', { to: [9] });
    await eventually(() => (a.told.error.length === 1 ? null : 'no error event'));
    expect(a.told.error).toMatchObject([{ code: 'unknown_member' }]);
    await b.heard(3);
    expect(b.texts()).toEqual(['1', '2', '3']);
  });

  it('CL16 members are seen coming, going away, coming back, changing and leaving', async () => {
    const { session, a, b } = await room(2);
    expect(b.client.me).toMatchObject({ index: 1, role: 'client', connected: true });
    await a.settle();
    expect(a.told.memberJoined).toMatchObject([{ index: 1 }]);
    b.client.setState({ ready: true });
    await eventually(() => (a.told.memberState.length === 1 ? null : 'no state'));
    expect(a.client.members.get(1)?.state).toEqual({ ready: true });
    b.drop();
    await eventually(() => (a.told.memberBack.length === 1 ? null : 'not back'));
    expect(a.told.memberAway).toMatchObject([{ index: 1, connected: false }]);
    const patched = await backend.native('PATCH', `/v1/relays/sessions/${session.session_id}`, {
      metadata: { map: 1 },
    });
    expect(patched.status).toBe(200);
    await eventually(() => (a.client.session?.metadata === null ? 'no metadata' : null));
    expect(await b.client.leave()).toBe(true);
    expect(b.told.closed).toEqual([{ code: 1000, reason: 'left', advice: 'done' }]);
    await eventually(() => (a.told.memberLeft.length === 1 ? null : 'not left'));
    expect([...a.client.members.keys()]).toEqual([0]);
  });

  it('CL17 the host locks, hands over and kicks; the kicked client hears why and does not come back', async () => {
    const { a, b, c } = await room(3);
    const ref = b.client.kick(2);
    await eventually(() => (b.told.error.length === 1 ? null : 'no error'));
    expect(b.told.error).toMatchObject([{ code: 'not_host', ref }]);
    a.client.lock();
    await eventually(() => (c.client.session?.locked === true ? null : 'not locked'));
    a.client.handOverHost(1);
    await eventually(() => (b.client.host.index === 1 && a.client.host.term === 2 ? null : 'not handed over'));
    expect([a.client.me?.role, b.client.me?.role]).toEqual(['client', 'host']);
    b.client.kick(2, 'afk');
    await eventually(() => (c.client.state === 'closed' ? null : 'not closed'));
    expect(c.told.closed).toEqual([{ code: 4001, reason: 'kicked', advice: 'never' }]);
    await eventually(() => (a.told.memberLeft.length === 1 ? null : 'not left'));
    const left = [{ member: { index: 2 }, reason: 'kicked', detail: 'afk' }];
    expect(a.told.memberLeft).toMatchObject(left);
    expect(c.told.memberLeft).toMatchObject(left);
  });

  it('CL18 through any number of lost links every reliable message arrives once, in order', async () => {
    const { a, b } = await room(2);
    const count = 200;
    for (let n = 0; n < count; n += 1) {
      await a.client.send(String(n), { class: 'reliable', ack: true });
      if (n % 40 === 20) b.drop();
      if (n % 40 === 39) await b.opened(1 + Math.ceil(n / 40));
    }
    await b.heard(count);
    await b.settle();
    expect(b.texts()).toEqual(Array.from({ length: count }, (_, n) => String(n)));
    expect(b.told.open.slice(1)).toEqual(Array.from({ length: 5 }, () => ({ resumed: true, recovered: true })));
    expect(b.told.gap).toEqual([]);
    expect(b.client.me?.index).toBe(1);
  });

  it('CL11 frames of a sender whose link is lost are acked, or unknown_outcome; none arrives twice', async () => {
    const { a, b } = await room(2);
    const acks: Promise<unknown>[] = [];
    for (let n = 0; n < 60; n += 1) {
      acks.push(a.client.send(String(n), { class: 'reliable', ack: true }));
      if (n === 30) a.drop();
    }
    const outcomes = await Promise.allSettled(acks);
    await eventually(() => (b.texts().includes('59') ? null : 'the last is not here yet'));
    const texts = b.texts();
    expect(new Set(texts).size).toBe(texts.length);
    for (const [n, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') expect(texts).toContain(String(n));
      else expect(outcome.reason).toMatchObject({ code: 'unknown_outcome' });
    }
    // Frames that waited in the queue while there was no link went out afterwards.
    expect(texts.slice(-29)).toEqual(Array.from({ length: 29 }, (_, n) => String(n + 31)));
  });

  it('CL9 what fell out of the replay window is a gap that names it', async () => {
    const { a, b } = await room(2);
    await a.client.send('1', { class: 'reliable', ack: true });
    await b.heard(1);
    b.goOffline();
    await eventually(() => (a.told.memberAway.length === 1 ? null : 'not away'));
    for (let n = 2; n <= 100; n += 1) await a.client.send(String(n), { class: 'reliable', ack: true });
    b.goOnline();
    await b.opened(2);
    await b.heard(65);
    expect(b.told.open[1]).toEqual({ resumed: true, recovered: false });
    expect(b.told.gap).toMatchObject([{ from: 2, to: 36, reason: 'replay_window' }]);
    expect(b.told.message.map(({ seq }) => seq)).toEqual([1, ...Array.from({ length: 64 }, (_, n) => n + 37)]);
  });

  it('LR1 CL9 a client that only sends is told of no gap of its own messages', async () => {
    const { a, b } = await room(2);
    for (let n = 1; n <= 100; n += 1) await a.client.send(String(n), { class: 'reliable', ack: true });
    await b.heard(100);
    a.drop();
    await a.opened(2);
    expect([a.told.open[1], a.told.gap]).toEqual([{ resumed: true, recovered: true }, []]);
    await b.client.send('last', { class: 'reliable', ack: true });
    await a.heard(1);
    expect(a.told.message.map(({ seq }) => seq)).toEqual([101]);
  });

  it('CL6 a credential that is refused rejects connect with the code of the gateway', async () => {
    const session = await backend.createSession(1);
    const player = new Player(running.url, `${pairOf(session)}0`);
    await expect(player.client.connect()).rejects.toMatchObject({ code: 'credential_invalid' });
    expect(player.told.closed).toEqual([{ code: 1006, reason: 'credential_invalid', advice: 'never' }]);
  });

  it('CL6 when the resume window has passed the client joins anew', async () => {
    const session = await backend.createSession(2, { resume_window_ms: 50 });
    const a = await join(running.url, pairOf(session, 0));
    const b = await join(running.url, pairOf(session, 1));
    b.goOffline();
    await eventually(() => (a.told.memberLeft.length === 1 ? null : 'not left'));
    b.goOnline();
    await b.opened(2);
    expect(b.told.open[1]).toEqual({ resumed: false, recovered: false });
    expect(b.client.me?.index).toBe(2);
    a.client.send('hello again', { class: 'reliable' });
    await b.heard(1);
  });

  it('CL19, CL20 when the gateway restarts, clients follow its goaway and come back as far as the store remembers', async () => {
    const env = {
      SALLYPORT_PORT: String(await freePort()),
      ...(store === 'redis' ? { SALLYPORT_REDIS_PREFIX: `client-${randomBytes(6).toString('hex')}:` } : {}),
    };
    const first = await startGateway({ redisUrl: redisUrl(), env });
    const session = await new Backend(first.url).createSession(2);
    const a = await join(first.url, pairOf(session, 0));
    const b = await join(first.url, pairOf(session, 1));
    b.client.setState('kept by b');
    await a.client.send('before', { class: 'reliable', ack: true });
    await b.heard(1);
    await first.stop();
    await eventually(() => (b.told.disconnected.length > 0 ? null : 'still connected'));
    expect(b.told.goaway).toMatchObject([{ reason: 'shutdown' }]);
    expect(b.told.disconnected[0]).toMatchObject({ code: 4200, reason: 'going_away' });
    const second = await startGateway({ redisUrl: redisUrl(), env });
    try {
      if (store === 'memory') {
        await eventually(
          () => (b.client.state === 'closed' ? null : JSON.stringify(b.told.disconnected.slice(-3))),
          15_000,
        );
        expect(b.told.closed).toMatchObject([{ reason: 'session_not_found', advice: 'never' }]);
        return;
      }
      await Promise.all([a.opened(2), b.opened(2)]);
      expect(b.told.open[1]).toEqual({ resumed: true, recovered: false });
      expect(b.told.gap).toMatchObject([{ from: 2, to: null, reason: 'epoch_changed' }]);
      expect(b.client.me).toMatchObject({ index: 1, state: 'kept by b' });
      expect(await a.client.send('after', { class: 'reliable', ack: true })).toBe(1);
      await b.heard(2);
      expect(b.told.message.map(({ seq }) => seq)).toEqual([1, 1]);
      await eventually(() => (a.client.members.get(1)?.state === 'kept by b' ? null : 'the state was not sent again'));
    } finally {
      await Promise.all([a.client.stop(), b.client.stop()]);
      await second.stop();
    }
  });

  it('CL14 after stop nothing keeps a process alive; Node without a WebSocket takes ws', async () => {
    const session = await backend.createSession(2);
    await join(running.url, pairOf(session, 0));
    const program = `
      const { connect } = await import(${JSON.stringify(CLIENT)});
      const client = await connect({ url: process.argv[1], credential: process.argv[2] });
      console.log(client.me.index, client.members.size, await client.send('x', { class: 'reliable', ack: true }));
      const lost = connect({ url: process.argv[1], credential: 'a.b.c' }).catch((error) => error.code);
      console.log(await lost);
      await client.stop();`;
    const args = ['--input-type=module', '--eval', program, running.url, pairOf(session, 1)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 10_000 });
    expect(stdout).toBe('1 2 1\ncredential_invalid\n');
  });
});
