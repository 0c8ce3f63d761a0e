import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLASS } from '../../src/protocol/wire.js';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client, type ConnectOptions } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { metricFaults } from '../support/metric-rules.js';
import { freshName } from '../support/directory.js';
import { hasCommand } from '../support/packages.js';

const ENV = {
  SALLYPORT_HEARTBEAT_MS: '1000',
  SALLYPORT_REPLAY_MAX_ENTRIES: '4',
  SALLYPORT_MESSAGES_PER_S: '0',
  SALLYPORT_BYTES_PER_S: '0',
  SALLYPORT_WORK_MS_PER_S: '0',
};

/** The samples of a scrape, by name and labels, without the prefix. */
type Scrape = ReadonlyMap<string, number>;

async function textOf(running: RunningGateway): Promise<string> {
  const { body } = await new Backend(running.url).call('GET', '/metrics');
  return String(body);
}

async function scrape(running: RunningGateway): Promise<Scrape> {
  const lines = (await textOf(running)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace(/^sallyport_/, ''), Number(line.slice(at + 1))];
    }),
  );
}

/** How much each of these samples rises while `act` runs. */
async function risesIn(
  running: RunningGateway,
  names: readonly string[],
  act: () => Promise<unknown>,
): Promise<readonly number[]> {
  const before = await scrape(running);
  await act();
  const after = await scrape(running);
  return names.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
}

describe.each(STORES)('metrics on the $store store', ({ store, redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl(), env: ENV });
    backend = new Backend(running.url);
  });

  /** A socket that stays open would answer pings in later tests. */
  const open: Client[] = [];
  const join = async (credential: string, options: ConnectOptions = {}): Promise<Client> => {
    const client = await Client.join(running.socketUrl, credential, options);
    open.push(client);
    return client;
  };

  afterEach(() => {
    for (const client of open.splice(0)) client.drop();
  });

  afterAll(() => running.stop());

  it('OB1 frames and bytes out are those that the clients got', async () => {
    const got = { frames: 0, bytes: 0 };
    const rises = await risesIn(running, ['frames_out_total', 'bytes_out_total'], async () => {
      const session = await backend.createSession(3);
      const clients: Client[] = [];
      const count = (size: number): void => {
        got.frames += 1;
        got.bytes += size;
      };
      for (const n of [0, 1, 2]) {
        const client = await join(pairOf(session, n));
        count(Buffer.byteLength(JSON.stringify(client.welcome)));
        client.socket.on('message', (data: Buffer) => {
          count(data.length);
        });
        clients.push(client);
      }
      const [a] = clients;
      a?.say({ type: 'state', state: { name: 'zoë' } });
      for (let n = 0; n < 20; n += 1)
        a?.relay({ deliveryClass: n % 2 === 0 ? CLASS.volatile : CLASS.reliable, payload: `${String(n)} ☃` });
      a?.relay({ deliveryClass: 0, targets: [1, 2], payload: 'for two' });
      for (const client of clients) await client.settle();
      await Promise.all(clients.slice(1).map((client) => client.expectEntries(21)));
      expect(got.frames).toBeGreaterThan(10);
    });
    expect(rises).toEqual([got.frames, got.bytes]);
  });

  it('OB3 the flush delay is one observation a batch, and holds the window', async () => {
    const session = await backend.createSession(2, { flush_ms: 40 });
    const a = await join(pairOf(session, 0));
    const b = await join(pairOf(session, 1));
    const names = ['flush_delay_seconds_count', 'flush_delay_seconds_sum', 'batches_out_total'];
    const [count = 0, sum = 0, batches] = await risesIn(running, names, async () => {
      for (let n = 0; n < 10; n += 1) a.relay({ deliveryClass: 0, payload: 'x' });
      await b.expectEntries(10);
    });
    expect(count).toBe(batches);
    // An earlier flush in the second half of the window is allowed.
    expect(sum / count).toBeGreaterThan(0.015);
    expect(sum / count).toBeLessThan(1);

    const control = await backend.createSession(2, { flush_ms: 0 });
    const c = await join(pairOf(control, 0));
    const d = await join(pairOf(control, 1));
    const [controls = 0, controlSum = 0] = await risesIn(running, names, async () => {
      c.relay({ deliveryClass: 0, payload: 'x' });
      await d.expectEntries(1);
    });
    expect(controls).toBe(1);
    expect(controlSum).toBeLessThan(0.015);
  });

  it('OB4 a join is one observation, and a refused handshake is none', async () => {
    const name = 'join_duration_seconds_count{kind="relay"}';
    const session = await backend.createSession(1);
    expect(await risesIn(running, [name], () => join(pairOf(session)))).toEqual([1]);
    expect(await risesIn(running, [name], () => Client.attempt(running.socketUrl, 'wrong'))).toEqual([0]);
  });

  it('OB5 sessions are counted when they are made and when they end, by kind and reason', async () => {
    const names = [
      'sessions_created_total{kind="relay"}',
      'sessions_created_total{kind="user"}',
      'sessions_ended_total{kind="relay",reason="ended"}',
      'sessions_ended_total{kind="user",reason="revoked"}',
    ];
    const rises = await risesIn(running, names, async () => {
      const session = await backend.createSession(1);
      await backend.createSession(1);
      await backend.relays('DELETE', `/v1/relays/sessions/${session.session_id}`);
      const user = await backend.native('POST', '/v1/users', { username: freshName() });
      const { id: userId } = user.body as { id: string };
      const opened = await backend.native('POST', '/v1/sessions', { user_id: userId });
      const { id } = opened.body as { id: string };
      const revoked = await backend.native('POST', `/v1/sessions/${id}/revoke`);
      expect([user.status, opened.status, revoked.status]).toEqual([201, 201, 200]);
      await backend.native('POST', `/v1/sessions/${id}/revoke`);
    });
    expect(rises).toEqual([2, 1, 1, 1]);
    const expired = 'sessions_ended_total{kind="relay",reason="expired"}';
    const before = (await scrape(running)).get(expired) ?? 0;
    await backend.createSession(1, { expires_in_s: 1 });
    await eventually(
      async () => (((await scrape(running)).get(expired) ?? 0) > before ? null : 'not swept yet'),
      10_000,
    );
  });

  it('OB6 a resume is whole, has a gap, or is refused', async () => {
    const names = ['whole', 'gap', 'refused'].map((outcome) => `resumes_total{outcome="${outcome}"}`);
    const session = await backend.createSession(2);
    const a = await join(pairOf(session, 0));
    let away = await join(pairOf(session, 1));
    const back = async (): Promise<Client> => {
      const { token } = away.welcome.resume;
      const seq = String(away.welcome.seq);
      away.drop();
      away = await join(token, { query: { seq } });
      return away;
    };
    expect(await risesIn(running, names, back)).toEqual([1, 0, 0]);
    for (let n = 0; n < 8; n += 1) a.relay({ deliveryClass: 2, payload: 'x' });
    await a.settle();
    expect(await risesIn(running, names, back)).toEqual([0, 1, 0]);
    const { token } = away.welcome.resume;
    await backend.relays('DELETE', `/v1/relays/sessions/${session.session_id}`);
    await away.expectClosed();
    const refused = await risesIn(running, names, () => Client.attempt(running.socketUrl, token));
    expect(refused).toEqual([0, 0, 1]);
    // The control: a first join that is refused is no resume.
    expect(await risesIn(running, names, () => Client.attempt(running.socketUrl, pairOf(session)))).toEqual([0, 0, 0]);
  });

  it('OB8 store calls have a latency by operation, on Redis', async () => {
    await backend.createSession(1);
    const names = [...(await scrape(running)).keys()].filter((name) => name.startsWith('store_call_duration_seconds_'));
    if (store === 'memory') {
      expect(names).toEqual([]);
      return;
    }
    expect(names).toContain('store_call_duration_seconds_count{operation="relay.create"}');
    expect((await scrape(running)).get('store_call_duration_seconds_sum{operation="relay.create"}')).toBeLessThan(60);
  });

  it('OB9 the names keep the rules of Prometheus', async () => {
    const text = await textOf(running);
    expect(metricFaults(text)).toEqual([]);
    if (await hasCommand('promtool')) expect(await promtool(text)).toBe('');
  });

  it('OB10 docs/OPERATIONS.md names every metric', async () => {
    const docs = await readFile(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');
    const names = [...(await textOf(running)).matchAll(/^# TYPE sallyport_(\S+) /gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !new RegExp(`\\b(?:sallyport_)?${name}\\b`).test(docs))).toEqual([]);
  });
});

it('OB2 the round trip is measured also of a client that is never silent, and not of one that answers no ping', async () => {
  const running = await startGateway({ env: ENV });
  try {
    const backend = new Backend(running.url);
    const session = await backend.createSession(1);
    const busy = await Client.join(running.socketUrl, pairOf(session));
    const name = 'client_round_trip_seconds_count';
    const before = (await scrape(running)).get(name) ?? 0;
    await eventually(async () => {
      busy.say({ type: 'ping' });
      return ((await scrape(running)).get(name) ?? 0) > before ? null : 'no round trip yet';
    }, 5000);
    expect((await scrape(running)).get('client_round_trip_seconds_bucket{le="1"}')).toBeGreaterThan(0);
    busy.drop();

    const { socketUrl } = running;
    const control = await backend.createSession(1);
    const mute = new WebSocket(`${socketUrl}/v1/connect?access_token=${pairOf(control)}`, { autoPong: false });
    let pings = 0;
    mute.on('ping', () => (pings += 1));
    await eventually(() => (mute.readyState === WebSocket.OPEN ? null : 'not open'));
    const [rise] = await risesIn(running, [name], () =>
      eventually(() => {
        mute.send('{"type":"ping"}');
        return pings > 0 ? null : 'not pinged';
      }, 5000),
    );
    expect(rise).toBe(0);
    mute.terminate();
  } finally {
    await running.stop();
  }
});

it('OB7 bytes that wait, and members that are behind, are there while a socket does not read', async () => {
  const running = await startGateway({ env: { ...ENV, SALLYPORT_MAX_BACKPRESSURE_BYTES: String(64 * 1024 * 1024) } });
  try {
    const session = await new Backend(running.url).createSession(2);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    const slow = await Client.join(running.socketUrl, pairOf(session, 1));
    const now = async (): Promise<readonly [number, number]> => {
      const samples = await scrape(running);
      return [samples.get('sockets_behind') ?? -1, samples.get('socket_waiting_bytes') ?? -1];
    };
    expect(await now()).toEqual([0, 0]);
    slow.socket.pause();
    await eventually(async () => {
      for (let n = 0; n < 50; n += 1) a.relay({ deliveryClass: 2, payload: new Uint8Array(16_000) });
      await a.settle();
      const [behind, bytes] = await now();
      return behind === 1 && bytes > 500_000 ? null : `${String(behind)} behind, ${String(bytes)} bytes`;
    }, 15_000);
    slow.socket.resume();
    await eventually(async () => {
      const [behind, bytes] = await now();
      return behind === 0 && bytes === 0 ? null : `${String(behind)} behind, ${String(bytes)} bytes`;
    }, 15_000);
  } finally {
    await running.stop();
  }
});

it('OB9 the control: each rule finds what breaks it', () => {
  const broken = {
    'x_total gauge': '_total is for counters',
    'x_seconds counter': '_total is for counters',
    'x_ms gauge': 'abbreviated unit',
    'x_milliseconds_total counter': 'not the base unit',
    'x_gauge gauge': 'its type in its name',
    'xY gauge': 'not in snake_case',
    'x_latency histogram': 'no unit',
  };
  for (const [named, fault] of Object.entries(broken)) {
    const [name = ''] = named.split(' ');
    expect(metricFaults(`# HELP ${name} Help.\n# TYPE ${named}\n`)).toEqual([`${name}: ${fault}`]);
  }
  expect(metricFaults('# TYPE x gauge\nx 1\n')).toEqual(['x: no type or help']);
  expect(metricFaults('# HELP x Help.\n# TYPE x gauge\nx 1\nx 2\n')).toEqual(['x: twice']);
  expect(metricFaults('# HELP x Help.\n# TYPE x gauge\nx 1\n')).toEqual([]);
});

/** The findings of promtool. */
function promtool(text: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) => {
      const found = stdout + stderr;
      resolve(error !== null && found === '' ? error.message : found);
    });
    child.stdin?.end(text);
  });
}
