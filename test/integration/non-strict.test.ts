/** docs/NON-STRICT.md describes the loaded engine; if the engine behaves differently, the page must change. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { ROOT_KEY, startGateway, type RunningGateway } from '../support/gateway.js';
import { clientFrame, OPCODE, RawPeer } from '../support/raw-peer.js';
import { rawExchange } from '../support/raw-tcp.js';

const EMPTY_CLOSE = { opcode: OPCODE.close, payload: Buffer.alloc(0) };
const CODES_BACK = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 4000, 4242, 4999];
const CODES_LOST = [1012, 1013, 1014, 3000, 3001, 3500, 3999];
const CODES_FORBIDDEN = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535];

describe('where the engine is not strict', () => {
  let running: RunningGateway;
  let backend: Backend;
  let port: number;
  const tested = new Set<string>();

  beforeAll(async () => {
    running = await startGateway({ env: { SALLYPORT_ENGINE: 'auto' } });
    backend = new Backend(running.url);
    port = Number(new URL(running.url).port);
  });

  afterAll(() => running.stop());

  async function peer(): Promise<RawPeer> {
    const joined = await RawPeer.join(port, pairOf(await backend.createSession(1)));
    joined.frames.length = 0;
    return joined;
  }

  /** Bytes that come back until the connection is closed. */
  async function endOf(...frames: readonly Buffer[]): Promise<RawPeer['frames']> {
    const opened = await peer();
    opened.write(Buffer.concat(frames));
    await opened.expect('close', () => opened.isClosed);
    return opened.frames.filter(({ opcode }) => opcode !== OPCODE.text);
  }

  const closeFrame = (code: number): Buffer => clientFrame(OPCODE.close, Buffer.of(code >> 8, code & 0xff));
  const text = (written: string): Buffer => Buffer.from(written);
  const row = (id: string, name: string, run: () => Promise<void>): void => {
    tested.add(id);
    it(`EN1 ${id} ${name}`, run);
  };

  row('NS1', 'a binary frame inside a fragmented text message is glued to it', async () => {
    const opened = await peer();
    opened.write(clientFrame(OPCODE.text, text('{"type":"ping",'), 'more'));
    opened.write(clientFrame(OPCODE.binary, text('"t":"glued"}')));
    // As a binary message it is no relay frame; as a text message it were a ping.
    await opened.expect('an error', () => opened.hasText('"code":"unknown_op"'));
    opened.write(clientFrame(OPCODE.continuation, text('{"type":"ping","t":"rest"}')));
    await opened.expect('a pong', () => opened.hasText('"t":"rest"'));
    expect(opened.hasText('"t":"glued"')).toBe(false);
    opened.destroy();
    const [same, other] = [clientFrame(OPCODE.text, text('{}'), 'more'), clientFrame(OPCODE.text, text('{}'))];
    expect(await endOf(same, other)).toEqual([]);
  });

  row('NS2', 'some close codes come back, others are answered without one', async () => {
    for (const code of CODES_BACK) {
      expect([code, await endOf(closeFrame(code))]).toEqual([
        code,
        [{ opcode: OPCODE.close, payload: Buffer.of(code >> 8, code & 0xff) }],
      ]);
    }
    for (const code of CODES_LOST) expect([code, await endOf(closeFrame(code))]).toEqual([code, [EMPTY_CLOSE]]);
  });

  row('NS3', 'a close frame that may not be sent is answered without a code', async () => {
    for (const code of CODES_FORBIDDEN) expect([code, await endOf(closeFrame(code))]).toEqual([code, [EMPTY_CLOSE]]);
    for (const payload of [Buffer.of(3), Buffer.of(3, 232, 0xff)]) {
      expect(await endOf(clientFrame(OPCODE.close, payload))).toEqual([EMPTY_CLOSE]);
    }
  });

  row('NS4', 'any other broken frame cuts the connection without a close frame', async () => {
    const reserved = clientFrame(OPCODE.text, text('{}'));
    reserved[0] = 0x80 | 0x40 | OPCODE.text;
    const huge = Buffer.from('82ff000000002000000001020304', 'hex');
    for (const frame of [
      reserved,
      huge,
      clientFrame(3, text('x')),
      clientFrame(11, text('x')),
      clientFrame(OPCODE.ping, text('x'), 'more'),
      clientFrame(OPCODE.ping, Buffer.alloc(126)),
      clientFrame(OPCODE.continuation, text('x')),
      clientFrame(OPCODE.text, Buffer.of(0xff, 0xfe)),
    ]) {
      expect([frame.toString('hex'), await endOf(frame)]).toEqual([frame.toString('hex'), []]);
    }
  });

  row('NS5', 'a frame without a mask is read as if it had one', async () => {
    const opened = await peer();
    // Its first four bytes are the mask; the last four are missing, and the next frame's head is taken for them.
    opened.write(Buffer.concat([Buffer.of(0x81, 8), text('{"type":')]));
    opened.write(Buffer.of(0x81, 0x80, 1, 2));
    await opened.expect('its refusal', () => opened.isClosed || opened.hasText('"code":"malformed_json"'));
    expect(opened.frames.filter(({ opcode }) => opcode === OPCODE.close)).toEqual([]);
    opened.destroy();
  });

  const post = async (body: string): Promise<string> => {
    const head = [
      'POST /v1/keys HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${ROOT_KEY}`,
      'Transfer-Encoding: chunked',
    ];
    const answer = await rawExchange(port, [...head, '', body].join('\r\n')).catch(() => '');
    return answer.slice(9, 12);
  };
  const json = '{"name":"k","scopes":["relays"]}';
  const size = json.length.toString(16);

  row('NS6', 'a chunk may end with any two bytes, a size line with a line feed alone', async () => {
    expect(await post(`${size}\r\n${json}\r\n0\r\n\r\n`)).toBe('201');
    for (const end of ['XX', '\n\n', '0\r'])
      expect([end, await post(`${size}\r\n${json}${end}0\r\n\r\n`)]).toEqual([end, '201']);
    expect(await post(`${size}\n${json}\r\n0\r\n\r\n`)).toBe('201');
    for (const wrong of ['zz', '0x3', '+3', '-3'])
      expect(['', '400']).toContain(await post(`${wrong}\r\n${json}\r\n0\r\n\r\n`));
  });

  row('NS7', 'a blank in front of a size, and no size, are a size of 0', async () => {
    for (const before of [' ', '']) {
      const line = before === '' ? '' : before + size;
      expect([before, await post(`${line}\r\n${json}\r\n0\r\n\r\n`)]).toEqual([before, '400']);
    }
  });

  it('EN1 every row of the page is tried here, and nothing else', () => {
    const page = readFileSync('docs/NON-STRICT.md', 'utf8');
    expect([...page.matchAll(/^\| (NS\d+) \|/gm)].map(([, id]) => id)).toEqual([...tested]);
  });
});
