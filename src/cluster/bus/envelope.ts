/**
 * The envelopes that nodes send each other. An envelope is a head and the messages that one node sent to one target in one
 * turn.
 *
 * ```
 * u8 version = 1   u8 kind   u8 n, n bytes: the sender's id
 * kind 1, messages: u8 stream (0: to one node, 1: to all)   f64 run   f64 number   then per message: u32 length, bytes
 * kind 2, beat: JSON, see `Beat`
 * ```
 */
import { listOf, number, object, text, type Shaped } from '../../lib/shape.js';
import { parseNodeId, type NodeId } from '../../protocol/ids.js';

const VERSION = 1;
const KIND = { messages: 1, beat: 2 } as const;
const STREAM = { one: 0, all: 1 } as const;
export type StreamName = keyof typeof STREAM;

/** Where an envelope stands in its sender's stream. */
export interface Place {
  readonly stream: StreamName;
  /** Names the stream among those that this sender had with the target; a later one is greater. */
  readonly run: number;
  /** 1 for the first envelope of the run, then one more each. */
  readonly number: number;
}

/** The last envelope of a stream that was sent; number 0: none yet. */
const last = object({ run: number, number });
const beatShape = object({ id: number, all: last, ones: listOf(object({ to: text, run: number, number })) });
/** Says what a node has sent last, so that a receiver notices a lost tail. `id` rises with each beat. */
export type Beat = Shaped<typeof beatShape>;

export type Envelope =
  | {
      readonly kind: 'messages';
      readonly from: NodeId;
      readonly place: Place;
      readonly messages: readonly Uint8Array[];
    }
  | { readonly kind: 'beat'; readonly from: NodeId; readonly beat: Beat };

const utf8 = new TextDecoder();
const utf8Encoder = new TextEncoder();
/** The stream, the run and the number. */
const PLACE_BYTES = 17;

/** The head of an envelope of messages, with room for its place at the end. */
export function messagesHead(from: NodeId): Uint8Array {
  return envelopeOf(KIND.messages, from, new Uint8Array(PLACE_BYTES));
}

/** Fills in the place in an envelope whose head has `headLength` bytes. */
export function writePlace(envelope: Uint8Array, headLength: number, { stream, run, number }: Place): void {
  const at = headLength - PLACE_BYTES;
  const view = viewOf(envelope);
  view.setUint8(at, STREAM[stream]);
  view.setFloat64(at + 1, run, true);
  view.setFloat64(at + 9, number, true);
}

/** Returns where the next message goes. */
export function writeMessage(envelope: Uint8Array, at: number, message: Uint8Array): number {
  viewOf(envelope).setUint32(at, message.length, true);
  envelope.set(message, at + 4);
  return at + 4 + message.length;
}

export function encodeBeat(from: NodeId, beat: Beat): Uint8Array {
  return envelopeOf(KIND.beat, from, utf8Encoder.encode(JSON.stringify(beat)));
}

/** null: not an envelope of this version. The messages are views of `envelope`. */
export function decodeEnvelope(envelope: Uint8Array): Envelope | null {
  if (envelope.length < 3 || envelope[0] !== VERSION) return null;
  const headEnd = 3 + (envelope[2] ?? 0);
  if (envelope.length < headEnd) return null;
  const from = parseNodeId(utf8.decode(envelope.subarray(3, headEnd)));
  if (from === null) return null;
  const body = envelope.subarray(headEnd);
  switch (envelope[1]) {
    case KIND.messages:
      return decodeMessages(from, body);
    case KIND.beat:
      return decodeBeat(from, body);
    default:
      return null;
  }
}

function decodeMessages(from: NodeId, body: Uint8Array): Envelope | null {
  if (body.length < PLACE_BYTES) return null;
  const view = viewOf(body);
  const stream = view.getUint8(0);
  if (stream !== STREAM.one && stream !== STREAM.all) return null;
  const run = view.getFloat64(1, true);
  const number = view.getFloat64(9, true);
  if (!Number.isSafeInteger(run) || !Number.isSafeInteger(number) || number < 1) return null;
  const messages: Uint8Array[] = [];
  for (let at = PLACE_BYTES; at < body.length;) {
    if (body.length < at + 4) return null;
    const end = at + 4 + view.getUint32(at, true);
    if (body.length < end) return null;
    messages.push(body.subarray(at + 4, end));
    at = end;
  }
  return { kind: 'messages', from, place: { stream: stream === STREAM.all ? 'all' : 'one', run, number }, messages };
}

function decodeBeat(from: NodeId, body: Uint8Array): Envelope | null {
  try {
    const beat: unknown = JSON.parse(utf8.decode(body));
    return beatShape.is(beat) ? { kind: 'beat', from, beat } : null;
  } catch {
    return null;
  }
}

function envelopeOf(kind: number, from: NodeId, body: Uint8Array): Uint8Array {
  const sender = utf8Encoder.encode(from);
  const envelope = new Uint8Array(3 + sender.length + body.length);
  envelope.set([VERSION, kind, sender.length]);
  envelope.set(sender, 3);
  envelope.set(body, 3 + sender.length);
  return envelope;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
