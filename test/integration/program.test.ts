import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { handshake } from '../support/raw-peer.js';
import { firstRead, openRaw } from '../support/raw-tcp.js';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

describe('the program', () => {
  it('OP1 on the embedded store it prints its address, the key it made and an example that works', async () => {
    const gateway = await startGatewayProcess({ SALLYPORT_ROOT_KEY: '' });
    try {
      await eventually(() => (gateway.output().includes('Stop: Ctrl-C') ? null : gateway.output()));
      const output = gateway.output();
      expect(output).toContain(`is up at ${gateway.url}`);
      const key = /shown only here:\n\s+(\S+)/.exec(output)?.[1] ?? '';
      expect(key).toHaveLength(43);
      const example = /curl -s (\S+) -H "Authorization: ([^"]+)" \\\n\s+-d '([^']+)'/.exec(output);
      const [, url = '', authorization = '', body = ''] = example ?? [];
      const response = await fetch(url, { method: 'POST', headers: { authorization }, body });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ ready: true });
    } finally {
      await gateway.stop();
    }
  });

  it('OP2 SIGTERM closes every socket with 4200 after a goaway, and ends with 0', async () => {
    const gateway = await startGatewayProcess();
    const session = await new Backend(gateway.url).createSession(3);
    const clients = await Promise.all([0, 1, 2].map((n) => Client.join(gateway.socketUrl, pairOf(session, n))));
    expect(await gateway.stop()).toBe(0);
    for (const client of clients) {
      expect(await client.expectClosed()).toEqual({ code: 4200, reason: 'going_away' });
      expect(client.of('goaway')).toMatchObject([{ reason: 'shutdown' }]);
    }
    expect(gateway.output()).toContain('"event":"stopped"');
  });

  it('OP2 the closes of many sockets are spread as their goaway said', async () => {
    const gateway = await startGatewayProcess();
    const backend = new Backend(gateway.url);
    const session = await backend.createSession(1, { max_users: 400 });
    const clients = await Promise.all(
      Array.from({ length: 300 }, async (_, n) =>
        Client.join(gateway.socketUrl, await backend.mint(session.session_id, `user${String(n)}`)),
      ),
    );
    expect(await gateway.stop()).toBe(0);
    await Promise.all(clients.map((client) => client.expectClosed()));
    expect(new Set(clients.map((client) => client.closed?.code))).toEqual(new Set([4200]));
    const delays = clients.map((client) => client.of('goaway')[0]?.after_ms ?? -1).sort((a, b) => a - b);
    expect(delays).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('HT25 a node that stops closes the HTTP connections that clients kept', async () => {
    const gateway = await startGatewayProcess();
    const kept = await openRaw(Number(new URL(gateway.url).port), 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => (kept.received.includes('ok') ? null : 'no answer'));
    expect(await gateway.stop()).toBe(0);
    await eventually(() => (kept.isClosed ? null : 'still open'));
  });

  it.each(STORES)('CN19 on $store each 101 arrives whole, and standard error stays empty', async ({ redisUrl }) => {
    const url = redisUrl();
    const prefix = `program-${String(Math.random())}:`;
    const gateway = await startGatewayProcess(
      url === null ? {} : { SALLYPORT_REDIS_URL: url, SALLYPORT_REDIS_PREFIX: prefix },
    );
    const session = await new Backend(gateway.url).createSession(1);
    const request = handshake({ headers: [`Authorization: Bearer ${pairOf(session)}`] });
    const port = Number(new URL(gateway.url).port);
    for (let n = 0; n < 50; n += 1) {
      const first = await firstRead(port, request);
      expect(first).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n/);
    }
    expect(await gateway.stop()).toBe(0);
    expect(gateway.errors()).toBe('');
  });

  it('OP3 with wrong settings it names every problem, shows no secret, and ends with 78', () => {
    const run = spawnSync(process.execPath, [MAIN], {
      env: { SALLYPORT_PORT: 'eighty', SALLYPORT_ROOT_KEY: 'short-secret', SALLYPORT_FLUSHMS: '1' },
      encoding: 'utf8',
    });
    expect(run.status).toBe(78);
    expect(run.stderr).toContain('SALLYPORT_PORT');
    expect(run.stderr).toContain('SALLYPORT_ROOT_KEY');
    expect(run.stderr).toContain('did you mean SALLYPORT_FLUSH_MS?');
    expect(run.stderr).not.toContain('short-secret');
  });

  it('OP4 on an address that is taken it says so and ends with 1', async () => {
    const gateway = await startGatewayProcess();
    try {
      const port = new URL(gateway.url).port;
      const run = spawnSync(process.execPath, [MAIN], { env: { SALLYPORT_PORT: port }, encoding: 'utf8' });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
    } finally {
      await gateway.stop();
    }
  });

  it('OP5, RE4, HM1, CN17 on Redis a session outlives the process: members come back to the next one', async () => {
    const env = {
      SALLYPORT_REDIS_URL: inject('redisUrl'),
      SALLYPORT_REDIS_PREFIX: `program-${String(Math.random())}:`,
    };
    const first = await startGatewayProcess(env);
    const session = await new Backend(first.url).createSession(2);
    const a = await Client.join(first.socketUrl, pairOf(session, 0));
    const b = await Client.join(first.socketUrl, pairOf(session, 1));
    await first.stop('SIGKILL');
    await a.expectClosed();
    const second = await startGatewayProcess(env);
    try {
      // The killed node's lease must run out before its sessions have a new home.
      let again: Client | null = null;
      // HM1, CN17: a guess moves nothing.
      expect(await Client.attempt(second.socketUrl, `${session.session_id}.1.1`)).toMatchObject({ status: 401 });
      await eventually(async () => {
        const outcome = await Client.attempt(second.socketUrl, b.welcome.resume.token);
        if (!(outcome instanceof Client)) return `${String(outcome.status)} ${String(outcome.body.code)}`;
        again = outcome;
        return null;
      }, 10_000);
      const welcome = await (again as unknown as Client).expect('welcome');
      expect(welcome.you.index).toBe(b.index);
      expect(welcome.recovered).toBe(false);
      const gap = await (again as unknown as Client).expect('gap');
      expect(gap).toEqual({ type: 'gap', from: 1, to: Number.MAX_SAFE_INTEGER, reason: 'epoch_changed' });
      expect(welcome.epoch).not.toBe(b.welcome.epoch);
      expect(welcome.host).toEqual(b.welcome.host);
      const back = await Client.join(second.socketUrl, a.welcome.resume.token);
      expect(back.welcome.you).toEqual(a.welcome.you);
    } finally {
      await second.stop();
    }
  });

  it('OP6 no credential and no key is in the log', async () => {
    const gateway = await startGatewayProcess({ SALLYPORT_LOG_LEVEL: 'trace' });
    const backend = new Backend(gateway.url);
    const session = await backend.createSession(1);
    const token = await backend.mint(session.session_id, 'someone');
    const client = await Client.join(gateway.socketUrl, token, { carrier: 'query' });
    await Client.attempt(gateway.socketUrl, `${pairOf(session)}0`, { carrier: 'query' });
    await gateway.stop();
    const secrets = [
      backend.key,
      token,
      pairOf(session),
      client.welcome.resume.token,
      String(session.authorization_token),
    ];
    for (const secret of secrets) expect(gateway.output()).not.toContain(secret);
  });
});
