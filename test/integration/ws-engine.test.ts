/** The engine for machines where no build of uWebSockets.js loads. `npm run test:matrix` runs every integration test on it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY, startGateway, type RunningGateway } from '../support/gateway.js';
import { clientFrame, OPCODE, RawPeer } from '../support/raw-peer.js';
import { rawExchange } from '../support/raw-tcp.js';
import { wrapStore } from '../support/wrap-store.js';

const text = (written: string): Buffer => Buffer.from(written);
const closeFrame = (code: number): Buffer => clientFrame(OPCODE.close, Buffer.of(code >> 8, code & 0xff));

describe('the engine on ws and node:http', () => {
  let running: RunningGateway;
  let backend: Backend;
  let port: number;
  let isSlow = false;

  beforeAll(async () => {
    const wrapped = wrapStore({
      relay: (real) => ({
        // A client's end of its side arrives before the answer.
        join: async (request) => {
          const joined = await real.join(request);
          if (isSlow) await new Promise((resolve) => setTimeout(resolve, 100));
          return joined;
        },
      }),
    });
    running = await startGateway({ env: { SALLYPORT_ENGINE: 'ws' }, wrapStore: wrapped });
    backend = new Backend(running.url);
    port = Number(new URL(running.url).port);
  });

  afterAll(() => running.stop());

  /** Sessions that are live on the node: an admission keeps its session's room. */
  async function rooms(): Promise<number> {
    const { body } = await backend.call('GET', '/metrics');
    return Number(/^sallyport_rooms (\d+)$/m.exec(String(body))?.[1]);
  }

  /** The code of the close frame that comes back; null: none comes. */
  async function closeOf(...frames: readonly Buffer[]): Promise<number | null> {
    const opened = await RawPeer.join(port, pairOf(await backend.createSession(1)));
    opened.write(Buffer.concat(frames));
    await opened.expect('close', () => opened.isClosed);
    const frame = opened.frames.find(({ opcode }) => opcode === OPCODE.close);
    return frame === undefined ? null : frame.payload.readUInt16BE(0);
  }

  it('EN2 names itself as slow', async () => {
    const { body } = await backend.call('GET', '/metrics');
    expect(String(body)).toMatch(/sallyport_build_info\{[^}]*engine="ws [0-9.]+ on node:http \(slow\)"/);
  });

  it('EN2 relays between members, and sends what one publishes to all others in order', async () => {
    const session = await backend.createSession(3);
    const [a, b, c] = await Promise.all([0, 1, 2].map((n) => Client.join(running.socketUrl, pairOf(session, n))));
    for (let n = 0; n < 100; n += 1) a?.relay({ deliveryClass: 2, payload: String(n) });
    for (const other of [b, c]) {
      const entries = (await other?.expectEntries(100)) ?? [];
      expect(entries.map(({ payload }) => Buffer.from(payload).toString())).toEqual(
        Array.from({ length: 100 }, (_, n) => String(n)),
      );
    }
    expect(a?.entries).toEqual([]);
  });

  it('EN2 cuts broken frames by the code of the standard', async () => {
    const reserved = clientFrame(OPCODE.text, text('{}'));
    reserved[0] = 0x80 | 0x40 | OPCODE.text;
    const mixed = [
      clientFrame(OPCODE.text, text('{"type":"ping",'), 'more'),
      clientFrame(OPCODE.binary, text('"t":1}')),
    ];
    expect(await closeOf(...mixed)).toBe(1002);
    for (const frame of [
      reserved,
      clientFrame(3, text('x')),
      clientFrame(OPCODE.ping, text('x'), 'more'),
      clientFrame(OPCODE.continuation, text('x')),
      Buffer.of(0x81, 2, 0x7b, 0x7d),
      closeFrame(1004),
      closeFrame(999),
    ]) {
      expect([frame.toString('hex'), await closeOf(frame)]).toEqual([frame.toString('hex'), 1002]);
    }
    expect(await closeOf(clientFrame(OPCODE.text, Buffer.of(0xff, 0xfe)))).toBe(1007);
    expect(await closeOf(Buffer.from('82ff000000002000000001020304', 'hex'))).toBe(1009);
    for (const code of [1000, 1012, 3000, 4242]) expect(await closeOf(closeFrame(code))).toBe(code);
  });

  it('EN2 refuses broken chunks, and answers a request that asks for another protocol', async () => {
    const head = [
      'POST /v1/keys HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${ROOT_KEY}`,
      'Transfer-Encoding: chunked',
    ];
    const json = '{"name":"k","scopes":["relays"]}';
    const size = json.length.toString(16);
    const post = async (body: string): Promise<string> =>
      (await rawExchange(port, [...head, 'Connection: close', '', body].join('\r\n')).catch(() => '')).slice(9, 12);
    expect(await post(`${size}\r\n${json}\r\n0\r\n\r\n`)).toBe('201');
    for (const broken of [`${size}\r\n${json}XX0\r\n\r\n`, `zz\r\n${json}\r\n0\r\n\r\n`])
      expect(['', '400']).toContain(await post(broken));
    const other = ['GET /healthz HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: h2c', '', ''];
    expect(await rawExchange(port, other.join('\r\n'))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['the client has closed its side', 'sallyport.v1', true],
    ['the list of subprotocols is broken', 'sallyport.v1,,x', false],
  ])('EN2 gives the seat back when %s', async (_why, protocols, endsAtOnce) => {
    const before = await rooms();
    const session = await backend.createSession(1, { resume_window_ms: 0 });
    isSlow = true;
    const lines = ['GET /v1/connect HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
    const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='];
    const rest = [`Sec-WebSocket-Protocol: ${protocols}`, `Authorization: Bearer ${pairOf(session)}`, '', ''];
    const socket = connect(port, '127.0.0.1');
    socket.resume().on('error', () => undefined);
    const text = [...lines, ...key, ...rest].join('\r\n');
    if (endsAtOnce) socket.end(text);
    else socket.write(text);
    await once(socket, 'close');
    isSlow = false;
    await eventually(async () => ((await rooms()) <= before ? null : `${String(await rooms())} rooms`), 5_000);
  });
});
