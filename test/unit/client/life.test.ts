import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/client/client.js';
import { Bench, FakeSocket, ManualTiming, welcome } from './fakes.js';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code: string }).code,
  );

describe('the heartbeat of the client', () => {
  it('CL12 a ping is sent when nothing was sent, or nothing came, for half a heartbeat', async () => {
    const bench = new Bench();
    const socket = await bench.admit({ heartbeat_ms: 10_000 });
    await bench.timing.advance(4_999);
    expect(socket.controls).toEqual([]);
    await bench.timing.advance(1);
    expect(socket.controls).toEqual([{ type: 'ping', t: 0 }]);
    socket.text({ type: 'pong', t: 0 });
    await bench.timing.advance(4_000);
    bench.client.send('busy');
    socket.entries({});
    await bench.timing.advance(1_000);
    expect(socket.controls).toHaveLength(1);
  });

  it('CL12 a link on which nothing comes for two heartbeats is dead, however much is sent', async () => {
    const bench = new Bench();
    const socket = await bench.admit({ heartbeat_ms: 10_000 });
    for (let second = 0; second < 19; second += 1) {
      bench.client.send('busy');
      await bench.timing.advance(1_000);
    }
    expect(bench.told.disconnected).toEqual([]);
    await bench.timing.advance(1_000);
    expect(bench.told.disconnected).toMatchObject([{ code: 1006, reason: 'heartbeat_timeout' }]);
    expect(socket.wasTerminated).toBe(true);
  });

  it('CL12 any frame keeps the link alive', async () => {
    const bench = new Bench();
    const socket = await bench.admit({ heartbeat_ms: 10_000 });
    for (let n = 0; n < 20; n += 1) {
      await bench.timing.advance(8_000);
      socket.entries({});
    }
    expect(bench.told.disconnected).toEqual([]);
  });

  it('CL12 ping tells the round trip; it rejects without a link, without an answer, and when the link is lost', async () => {
    const bench = new Bench();
    expect(await codeOf(bench.client.ping())).toBe('not_connected');
    const socket = await bench.admit({ heartbeat_ms: 10_000 });
    const first = bench.client.ping();
    const same = bench.client.ping();
    await bench.timing.advance(30);
    socket.text({ type: 'pong', t: 'not asked' });
    socket.text({ type: 'pong', t: 1 });
    expect([await first, await same]).toEqual([30, 30]);
    expect(socket.controls).toHaveLength(1);
    const unanswered = codeOf(bench.client.ping());
    for (let n = 0; n < 5; n += 1) {
      await bench.timing.advance(5_000);
      socket.entries({});
    }
    expect(await unanswered).toBe('timeout');
    const cut = codeOf(bench.client.ping());
    socket.closeWith(1006, '');
    expect(await cut).toBe('not_connected');
  });
});

describe('listeners of the client', () => {
  it('CL13 what one throws or rejects with reaches onListenerError, and nothing else notices', async () => {
    const errors: string[] = [];
    const bench = new Bench({
      onListenerError: (error, event) => {
        errors.push(`${event}: ${String(error)}`);
      },
    });
    bench.client.on('message', () => {
      throw new Error('sync');
    });
    bench.client.on('message', async () => Promise.reject(new Error('async')));
    const heard: string[] = [];
    const off = bench.client.on('message', (message) => heard.push(message.text()));
    const socket = await bench.admit();
    socket.entries({ payload: Buffer.from('1') }, { payload: Buffer.from('2') });
    await bench.timing.advance(0);
    expect(heard).toEqual(['1', '2']);
    expect(errors.sort()).toEqual(['async', 'async', 'sync', 'sync'].map((kind) => `message: Error: ${kind}`));
    off();
    socket.entries({});
    expect(heard).toHaveLength(2);
  });

  it('CL21 listeners that are added right after connect miss nothing, though it came in the same turn', async () => {
    const timing = new ManualTiming();
    const sockets: FakeSocket[] = [];
    const early: string[] = [];
    const connecting = connect({
      url: 'ws://gateway.test',
      credential: 'c',
      timing,
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          sockets.push(this);
        }
      },
      on: { open: () => early.push('open'), message: (message) => early.push(message.text()) },
    });
    await timing.advance(0);
    sockets[0]?.open();
    sockets[0]?.text(welcome());
    sockets[0]?.entries({ payload: Buffer.from('at once') });
    const client = await connecting;
    const heard: string[] = [];
    client.on('message', (message) => heard.push(message.text()));
    await timing.advance(0);
    sockets[0]?.entries({ payload: Buffer.from('later') });
    expect(heard).toEqual(['at once', 'later']);
    expect(early).toEqual(['open', 'at once', 'later']);
    await client.stop();
  });
});

describe('the end of the client', () => {
  it('CL14 stop closes, rejects what waits, leaves no timer, and may be called again, in every state', async () => {
    const states: Record<string, (bench: Bench) => Promise<unknown>> = {
      connecting: async () => undefined,
      opening: (bench) => bench.timing.advance(0),
      open: (bench) => bench.admit(),
      waiting: async (bench) => {
        (await bench.admit()).closeWith(1006, '');
      },
      moving: async (bench) => {
        (await bench.admit()).text({ type: 'goaway', reason: 'drain', after_ms: 5_000 });
      },
    };
    for (const [name, reach] of Object.entries(states)) {
      const bench = new Bench();
      await reach(bench);
      const sockets = bench.sockets.length;
      await Promise.all([bench.client.stop(), bench.client.stop()]);
      await bench.client.stop();
      expect(bench.timing.pending, name).toBe(0);
      expect(bench.told.closed, name).toMatchObject([{ reason: 'closed', advice: 'done' }]);
      await bench.timing.advance(600_000);
      expect(bench.sockets.length, name).toBe(sockets);
      expect(
        bench.sockets.every((socket) => socket.readyState >= 2),
        name,
      ).toBe(true);
      expect(bench.client.state, name).toBe('closed');
    }
  });

  it('CL14 a credential that comes after stop opens no socket', async () => {
    let give: (credential: string) => void = () => undefined;
    const bench = new Bench({ credential: () => new Promise((resolve) => (give = resolve)) });
    await bench.timing.advance(0);
    await bench.client.stop();
    give('late');
    await bench.timing.advance(0);
    expect(bench.sockets).toEqual([]);
    expect(bench.timing.pending).toBe(0);
  });

  it('CL14 a peer that does not answer the closing handshake is cut off within a second', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.answersClose = false;
    const stopped = bench.client.stop();
    await bench.timing.advance(699);
    expect(socket.wasTerminated).toBe(false);
    await bench.timing.advance(1);
    await stopped;
    expect(socket.wasTerminated).toBe(true);
    expect(bench.timing.pending).toBe(0);
  });

  it('CL15 leave sends what waits, says leave, and tells whether the gateway confirmed', async () => {
    const bench = new Bench({ queue: { highWaterBytes: 1 } });
    const socket = await bench.admit();
    socket.bufferedAmount = 1;
    bench.client.send('last words', { class: 'reliable' });
    const left = bench.client.leave();
    expect(socket.payloads).toEqual(['last words']);
    expect(socket.controls).toEqual([{ type: 'leave' }]);
    socket.closeWith(1000, 'left');
    expect(await left).toBe(true);
    expect(bench.told.closed).toEqual([{ code: 1000, reason: 'left', advice: 'done' }]);

    const silent = new Bench();
    await silent.admit();
    const unheard = silent.client.leave();
    await silent.timing.advance(2_000);
    expect(await unheard).toBe(false);
    expect(silent.timing.pending).toBe(0);

    const away = new Bench();
    (await away.admit()).closeWith(1006, '');
    expect(await away.client.leave()).toBe(false);
    expect(away.client.state).toBe('closed');
  });

  it('CL17 host calls need an open connection', async () => {
    const { client } = new Bench();
    for (const call of [() => client.kick(1), () => client.handOverHost(1), () => client.lock()]) {
      expect(call).toThrow(expect.objectContaining({ code: 'not_connected' }));
    }
    await client.stop();
  });
});

describe('the live view of the client', () => {
  it('CL16 follows members, host and session, before listeners run', async () => {
    const bench = new Bench();
    const { client, told } = bench;
    const socket = await bench.admit();
    expect(client.me).toEqual({ index: 0, userId: 'me', role: 'host', connected: true, state: null });
    const member = { index: 2, user_id: 'third', role: 'client', connected: true, state: { x: 1 } };
    socket.text({ type: 'member.joined', member });
    socket.text({ type: 'member.away', index: 2 });
    expect(client.members.get(2)).toEqual({
      index: 2,
      userId: 'third',
      role: 'client',
      connected: false,
      state: { x: 1 },
    });
    socket.text({ type: 'member.back', index: 2 });
    socket.text({ type: 'member.state', index: 2, state: null });
    socket.text({ type: 'host', index: 2, term: 2 });
    expect([...client.members.values()].map(({ role }) => role)).toEqual(['client', 'client', 'host']);
    expect(client.host).toEqual({ index: 2, term: 2 });
    const session = { id: '0123456789ab-S', metadata: { map: 1 }, max_users: 5, expires_at: 7, locked: true };
    socket.text({ type: 'session.updated', session });
    expect(client.session).toEqual({
      id: '0123456789ab-S',
      metadata: { map: 1 },
      maxUsers: 5,
      expiresAtMs: 7,
      locked: true,
    });
    socket.text({ type: 'member.left', index: 2, reason: 'left' });
    expect([...client.members.keys()]).toEqual([0, 1]);
    expect(told.memberLeft).toMatchObject([{ member: { index: 2, userId: 'third' }, reason: 'left' }]);
    // The SDK reports nothing about members that it does not know.
    socket.text({ type: 'member.away', index: 9 });
    expect(told.memberAway).toHaveLength(1);
  });

  it('CL16 the presence state is sent once connected, and again when the gateway has lost it', async () => {
    const bench = new Bench();
    const { client } = bench;
    client.setState({ hp: 1 });
    client.setState({ hp: 2 });
    const states = (): unknown[] =>
      bench.socket.controls.filter(({ type }) => type === 'state').map(({ state }) => state);
    const first = await bench.admit();
    expect(states()).toEqual([{ hp: 2 }]);
    client.setState({ hp: 3 });
    expect(client.me?.state).toEqual({ hp: 3 });
    first.closeWith(1006, '');
    await bench.timing.advance(250);
    const knows = welcome().members.map((member) => (member.index === 0 ? { ...member, state: { hp: 3 } } : member));
    (await bench.admit({ members: knows })).closeWith(1006, '');
    expect(states()).toEqual([]);
    await bench.timing.advance(500);
    await bench.admit();
    expect(states()).toEqual([{ hp: 3 }]);
    expect(() => client.setState('x'.repeat(2047))).toThrow(expect.objectContaining({ code: 'state_too_big' }));
  });
});

describe('a client that is bound to a user session', () => {
  const session = {
    id: 'sess_1',
    user_id: 'user_1',
    status: 'active',
    last_active_at: 10,
    last_active_organization_id: null,
    expire_at: 30,
    abandon_at: 20,
  };

  it('CL23 hears what becomes of it, and does not come back when it is over', async () => {
    const bench = new Bench();
    const socket = await bench.admit();
    socket.text({ type: 'user_session.touched', session });
    const told = { id: 'sess_1', userId: 'user_1', organizationId: null, lastActiveAtMs: 10, expiresAtMs: 30 };
    expect(bench.told.userSession).toEqual([{ ...told, status: 'active', abandonedAtMs: 20 }]);
    socket.text({ type: 'user_session.removed', session: { ...session, status: 'removed' } });
    socket.closeWith(4007, 'user_session_ended');
    await bench.timing.advance(60_000);
    expect(bench.told.userSession.at(-1)).toMatchObject({ status: 'removed' });
    expect(bench.told.closed).toEqual([{ code: 4007, reason: 'user_session_ended', advice: 'never' }]);
    expect(bench.sockets).toHaveLength(1);
  });
});
