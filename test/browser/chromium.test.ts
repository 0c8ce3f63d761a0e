/** A page in Chromium, with the SDK as it is built, learns why it cannot connect. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { freePort } from '../support/redis-server.js';

const DIST = new URL('../../dist/', import.meta.url).pathname;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** The page's whole code: it connects as its server says, and reports what it sees by name. */
const PAGE = `<!doctype html><script type="module">
import { RelayClient } from '/src/client/client.js';
const tell = (event, more) => fetch('/tell', { method: 'POST', body: JSON.stringify({ event, ...more }) });
for (const { name, url, credential } of await (await fetch('/tasks')).json()) {
const client = new RelayClient({
  url,
  credential: credential ?? (() => { throw new Error('lobby_is_closed'); }),
  firstConnectTimeoutMs: 3000,
  on: {
    open: ({ resumed }) => tell('open', { name, resumed }),
    disconnected: ({ reason, cause }) => tell('disconnected', { name, reason, cause: cause?.message }),
    closed: ({ reason }) => tell('closed', { name, reason }),
  },
});
client.connect().catch((error) => tell('rejected', { name, code: error.code, cause: error.cause?.message }));
}
</script>`;

interface Told {
  readonly event: string;
  readonly name: string;
  readonly reason?: string;
  readonly code?: string;
  readonly cause?: string;
  readonly resumed?: boolean;
}

interface Task {
  readonly name: string;
  readonly url: string;
  /** undefined: a function that throws. */
  readonly credential?: string;
}

/** The origin of a game: serves the page and the SDK, and hears what the page tells. */
class Site {
  readonly told: Told[] = [];
  tasks: readonly Task[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://site');
      if (pathname === '/tell') {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          this.told.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Told);
          response.end();
        });
      } else if (pathname === '/tasks') {
        response.end(JSON.stringify(this.tasks));
      } else if (pathname.endsWith('.js')) {
        response.setHeader('Content-Type', 'text/javascript').end(readFileSync(join(DIST, pathname)));
      } else {
        response.setHeader('Content-Type', 'text/html').end(PAGE);
      }
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  async hears(expected: Partial<Told>): Promise<Told> {
    await eventually(() => (this.find(expected) === undefined ? JSON.stringify(this.told) : null), 30_000);
    return this.find(expected) ?? expect.unreachable();
  }

  private find(expected: Partial<Told>): Told | undefined {
    return this.told.find((told) =>
      Object.entries(expected).every(([name, value]) => Reflect.get(told, name) === value),
    );
  }
}

/** Asks the browser to end, so that all its processes leave their files. */
async function quit(browser: ChildProcess | null): Promise<void> {
  if (browser?.exitCode !== null) return;
  const exited = new Promise((resolve) => browser.once('exit', resolve));
  browser.kill();
  await exited;
}

describe('a page in Chromium', () => {
  const site = new Site();
  const profile = mkdtempSync(join(tmpdir(), 'sallyport-chromium-'));
  let origin: string;
  let gateway: RunningGateway;
  let browser: ChildProcess | null = null;

  beforeAll(async () => {
    if (CHROMIUM === undefined) throw new Error('This test needs Chromium: apt-get install chromium.');
    origin = await site.start();
    gateway = await startGateway({ env: { SALLYPORT_ALLOWED_ORIGINS: origin } });
  });

  afterAll(async () => {
    await quit(browser);
    site.stop();
    await gateway.stop();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** Opens one page for all tasks. */
  function open(...tasks: readonly Task[]): void {
    site.tasks = tasks;
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    browser = spawn(CHROMIUM ?? '', [...flags, `--user-data-dir=${profile}`, origin], { stdio: 'ignore' });
  }

  it("CL27 OR3 sees origin_not_allowed, credential_invalid, the backend's own error, and a gateway that went away and came back", async () => {
    const foreign = await startGateway({ env: { SALLYPORT_ALLOWED_ORIGINS: 'https://elsewhere.example' } });
    const port = String(await freePort());
    const redisUrl = STORES.find(({ store }) => store === 'redis')?.redisUrl() ?? null;
    const prefix = `sallyport-test-${randomBytes(6).toString('hex')}:`;
    const env = { SALLYPORT_ALLOWED_ORIGINS: origin, SALLYPORT_PORT: port, SALLYPORT_REDIS_PREFIX: prefix };
    let leaving = await startGateway({ redisUrl, env });
    const seat = await new Backend(leaving.url).createSession(1);
    try {
      open(
        { name: 'foreign', url: foreign.url, credential: 'nonsense' },
        { name: 'wrong', url: gateway.url, credential: 'nonsense' },
        { name: 'backend', url: gateway.url },
        { name: 'leaving', url: leaving.url, credential: pairOf(seat) },
      );
      await site.hears({ name: 'foreign', event: 'rejected', code: 'origin_not_allowed' });
      await site.hears({ name: 'wrong', event: 'rejected', code: 'credential_invalid' });
      await site.hears({
        name: 'backend',
        event: 'disconnected',
        reason: 'credential_failed',
        cause: 'lobby_is_closed',
      });
      await site.hears({ name: 'backend', event: 'rejected', code: 'gave_up', cause: 'lobby_is_closed' });
      await site.hears({ name: 'leaving', event: 'open', resumed: false });
      await leaving.stop();
      await site.hears({ name: 'leaving', event: 'disconnected', reason: 'unreachable' });
      leaving = await startGateway({ redisUrl, env });
      await site.hears({ name: 'leaving', event: 'open', resumed: true });
    } finally {
      await Promise.all([foreign.stop(), leaving.stop()]);
    }
  });
});
