/** Requests that are legal or nearly so, and that engines treat differently; and how long an idle connection lives. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_KEY, startGateway, type RunningGateway } from '../support/gateway.js';
import { httpCall } from '../support/http-call.js';

/** The 20.30 engine answers nothing that its parser refuses, and closes the connection when it is idle for 8 to 12 s. */
const OLD_ENGINE = 'uWebSockets.js 20.30.0';
const SILENT_MS = 15_000;
/** An idle connection must outlive what answers announce by the time that a request may be under way. */
const MARGIN_MS = 2000;

interface Outcome {
  readonly text: string;
  readonly afterMs: number;
  readonly ended: 'answered' | 'closed' | 'open';
}

/** Waits for an answer, or for the close. */
function outcomeOf(port: number, bytes: string, waitsFor: 'answer' | 'close'): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = (ended: Outcome['ended']): void => {
      socket.destroy();
      resolve({ text, afterMs: performance.now() - startedMs, ended });
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (waitsFor === 'answer' && text.includes('\r\n\r\n')) end('answered');
    });
    socket.on('error', reject);
    socket.on('end', () => {
      end('closed');
    });
    socket.setTimeout(SILENT_MS, () => {
      end('open');
    });
  });
}

describe.concurrent('odd requests', () => {
  let running: RunningGateway;
  let port: number;
  let engine: string;

  beforeAll(async () => {
    running = await startGateway();
    port = Number(new URL(running.url).port);
    const { text } = await httpCall(`${running.url}/metrics`, { method: 'GET', headers: {} });
    engine = /sallyport_build_info\{[^}]*engine="([^"]+)"/.exec(text)?.[1] ?? '';
  });

  afterAll(() => running.stop());

  it('PX10 what the engine refuses it refuses at once, or it closes the idle connection without an answer', async () => {
    const refused: Readonly<Record<string, string>> = {
      'OPTIONS *': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
      'an absolute URL': 'GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n',
      'a missing Host': 'GET /healthz HTTP/1.1\r\n\r\n',
      'HTTP/1.0': 'GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n',
      'a folded header': 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n',
    };
    const [text, withinMs] = engine === OLD_ENGINE ? [/^$/, 13_000] : [/^HTTP\/1\.1 (?:[45]\d\d|200) /, 2000];
    const check = async ([name, bytes]: readonly [string, string]): Promise<void> => {
      const outcome = await outcomeOf(port, bytes, 'close');
      expect([name, outcome]).toEqual([
        name,
        { ended: 'closed', text: expect.stringMatching(text) as unknown, afterMs: expect.any(Number) as unknown },
      ]);
      expect(outcome.afterMs).toBeLessThan(withinMs);
    };
    await Promise.all(Object.entries(refused).map(check));
  });

  it.each([
    ['an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\n\r\n', 200],
    ['an unknown path of OPTIONS', 'OPTIONS /nothing HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
  ])('PX10 %s is answered at once', async (_name, bytes, status) => {
    const { text, afterMs } = await outcomeOf(port, bytes, 'answer');
    expect(text.slice(0, 13)).toBe(`HTTP/1.1 ${String(status)} `);
    expect(afterMs).toBeLessThan(2000);
  });

  it('PX10 a body in chunks is read; with chunk extensions the request fails, by the deadline at the latest', async () => {
    const other = await startGateway({ env: { SALLYPORT_REQUEST_DEADLINE_MS: '1000' } });
    const body = '{"name":"chunks","scopes":["relays"]}';
    const ask = (size: string): Promise<Outcome> => {
      const head = `POST /v1/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ROOT_KEY}\r\n`;
      const bytes = `${head}Transfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`;
      return outcomeOf(Number(new URL(other.url).port), bytes, 'answer');
    };
    const size = body.length.toString(16);
    expect((await ask(size)).text).toMatch(/^HTTP\/1\.1 201 /);
    for (const extension of [';a=b', ';a="b;c"']) {
      const { text, afterMs } = await ask(size + extension);
      expect(text).toMatch(/^(?:$|HTTP\/1\.1 (?:400|503) )/);
      expect(afterMs).toBeLessThan(5000);
    }
    await other.stop();
  });

  it('PX7 an answer says how long the connection may be idle, and the gateway keeps it longer than that', async () => {
    const { text, afterMs, ended } = await outcomeOf(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'close');
    expect(ended).toBe('closed');
    expect(text).toMatch(/\r\nconnection: keep-alive\r\n/i);
    const [, announcedS] = /\r\nkeep-alive: timeout=(\d+)\r\n/i.exec(text) ?? [];
    expect(announcedS).toBe('5');
    expect(afterMs).toBeGreaterThan(Number(announcedS) * 1000 + MARGIN_MS);
  });

  it('PX7 the setting changes what is announced; with 0 every answer says that its connection closes', async () => {
    for (const [setting, announced] of [
      ['2', /\r\nkeep-alive: timeout=2\r\n/i],
      ['0', /\r\nconnection: close\r\n/i],
    ] as const) {
      const other = await startGateway({ env: { SALLYPORT_KEEP_ALIVE_S: setting } });
      const ask = async (method: string): Promise<Outcome> => {
        const bytes = `${method} /healthz HTTP/1.1\r\nHost: x\r\n\r\n`;
        return outcomeOf(Number(new URL(other.url).port), bytes, 'answer');
      };
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { text, afterMs } = await ask(method);
        expect([method, text]).toEqual([method, expect.stringMatching(announced)]);
        expect(afterMs).toBeLessThan(2000);
      }
      await other.stop();
    }
  });
});
