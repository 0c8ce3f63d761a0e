import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { FRAME_CASES, nameOf, type FrameCase } from '../support/client-frames.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { inParallel } from '../support/in-parallel.js';
import { clientFrame, handshake, OPCODE, RawPeer, type ServerFrame } from '../support/raw-peer.js';

/** How bytes go out: in one piece, in two that are cut before this byte, or one by one. */
type Cut = 'unsplit' | 'every byte' | number;

const WIDTH = 64;
/** Up to here every position of a long frame is cut: all of its headers, and some of its payload. */
const HEADERS_BYTES = 160;
const SAMPLES = 32;
const HANDSHAKE_BYTES = 420;
/** Members of a welcome that differ from one welcome to the next. */
const NEW_EACH_TIME = /"(id|user_id|epoch|token|expires_at)":("[^"]*"|\d+)/g;

describe('bytes that arrive in pieces', () => {
  let running: RunningGateway;
  let backend: Backend;
  let port: number;

  beforeAll(async () => {
    running = await startGateway({
      env: { SALLYPORT_MAX_MESSAGE_BYTES: '131072', SALLYPORT_FAILED_HANDSHAKES_PER_S: '0' },
    });
    backend = new Backend(running.url);
    port = Number(new URL(running.url).port);
  });

  afterAll(() => running.stop());

  it.each([
    ['with the credential in a header', (pair: string) => ({ headers: [`Authorization: Bearer ${pair}`] })],
    [
      'with the credential as a subprotocol',
      (pair: string) => ({ headers: [`Sec-WebSocket-Protocol: sallyport.v1, bearer.${pair}`] }),
    ],
    ['with the credential in the query', (pair: string) => ({ query: `?seq=0&access_token=${pair}` })],
    ['that is refused', (pair: string) => ({ headers: [`Authorization: Bearer ${pair}0`] })],
  ])('BS1 a handshake %s, split at every byte and byte by byte', async (_name, parts) => {
    const attempt = async (cut: Cut): Promise<unknown> => {
      const session = await backend.createSession(1);
      const plain = handshake(parts(pairOf(session)));
      // Tokens differ in length: all of these are made equally long.
      const padded = plain.replace('Host:', `X-Pad: ${'p'.repeat(HANDSHAKE_BYTES - 9 - plain.length)}\r\nHost:`);
      return resultOfHandshake(port, piecesOf(Buffer.from(padded), cut));
    };
    const unsplit = await attempt('unsplit');
    const cuts = [...Array.from({ length: HANDSHAKE_BYTES - 1 }, (_, n) => n + 1), 'every byte' as const];
    await inParallel(cuts, WIDTH, async (cut) => {
      expect(await attempt(cut), `cut at ${String(cut)}`).toEqual(unsplit);
    });
  });

  async function resultOfFrame(pieces: readonly Uint8Array[]): Promise<{ sender: string[]; other: string[] }> {
    const session = await backend.createSession(2, { flush_ms: 0 });
    const sender = await RawPeer.join(port, pairOf(session, 0));
    const other = await RawPeer.join(port, pairOf(session, 1));
    try {
      await sender.expect('the other', () => sender.hasText('"type":"member.joined"'));
      const before = [sender.frames.length, other.frames.length] as const;
      await sender.writePieces(pieces);
      await sender.settle();
      await other.settle();
      return { sender: shown(sender.frames.slice(before[0])), other: shown(other.frames.slice(before[1])) };
    } finally {
      sender.destroy();
      other.destroy();
    }
  }

  it.each(FRAME_CASES)('BS1 $name, split at every byte and byte by byte', async (frame: FrameCase) => {
    const unsplit = await resultOfFrame([frame.bytes]);
    expect(unsplit.sender.map(nameShown)).toEqual(frame.sender);
    expect(unsplit.other.map(nameShown)).toEqual(frame.other);
    await inParallel([...positions(frame.bytes.length), 'every byte' as const], WIDTH, async (cut) => {
      expect(await resultOfFrame(piecesOf(frame.bytes, cut)), `cut at ${String(cut)}`).toEqual(unsplit);
    });
  });

  it('BS1 the control: a server of this process reads each piece by itself, and a changed byte changes the result', async () => {
    const chunks: string[] = [];
    const server = createServer((socket) => socket.on('data', (chunk) => chunks.push(chunk.toString('latin1'))));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = await RawPeer.connect((server.address() as AddressInfo).port);
    await peer.writePieces(piecesOf(Buffer.from('abcdefgh'), 3));
    await peer.writePieces(piecesOf(Buffer.from('ijk'), 'every byte'));
    await eventually(() => (chunks.join('').length === 11 ? null : chunks.join('|')));
    peer.destroy();
    server.close();
    expect(chunks).toEqual(['abc', 'defgh', 'i', 'j', 'k']);

    const [one, another] = ['a', 'b'].map((letter) => clientFrame(OPCODE.binary, Buffer.from(`\x01\x02${letter}`)));
    expect(await resultOfFrame([one ?? Buffer.alloc(0)])).not.toEqual(
      await resultOfFrame([another ?? Buffer.alloc(0)]),
    );
  });
});

function piecesOf(bytes: Buffer, cut: Cut): Uint8Array[] {
  if (cut === 'unsplit') return [bytes];
  if (cut === 'every byte') return Array.from(bytes, (_, n) => bytes.subarray(n, n + 1));
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}

/** Every position between two bytes; of a long frame those in its headers, samples, and the last. */
function positions(length: number): number[] {
  const all = Array.from({ length: length - 1 }, (_, n) => n + 1);
  const step = Math.ceil(length / SAMPLES);
  return all.filter((at) => at <= HEADERS_BYTES || at % step === 0 || at === length - 1);
}

/** The answer, and when it is an upgrade that the connection works, without what is new in each session. */
async function resultOfHandshake(port: number, pieces: readonly Uint8Array[]): Promise<unknown> {
  const peer = await RawPeer.connect(port);
  try {
    await peer.writePieces(pieces);
    await peer.expect('answer', () => peer.head !== '');
    const head = peer.head.replace(/^(x-request-id|date): .*$/gim, '');
    if (!head.startsWith('HTTP/1.1 101')) {
      await peer.expect('body', () => peer.body !== '');
      return { head, body: peer.body };
    }
    await peer.expect('welcome', () => peer.hasText('"type":"welcome"'));
    await peer.settle();
    return { head, frames: shown(peer.frames).map((frame) => frame.replace(NEW_EACH_TIME, '"$1":')) };
  } finally {
    peer.destroy();
  }
}

/** Frames as text that tells them apart, without the answer to `settle`. */
function shown(frames: readonly ServerFrame[]): string[] {
  return frames
    .map((frame) => `${nameOf(frame)} ${frame.payload.toString('latin1')}`)
    .filter((text) => !text.includes('"t":"settled"'));
}

function nameShown(text: string): string {
  return /^(pong frame|\S+)/.exec(text)?.[0] ?? '';
}
