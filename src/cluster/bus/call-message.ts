/** Calls and their answers as messages of the bus: one byte tells a call from an answer, then JSON follows. */
import { isObject, number, object, optional, text, type Shape, type Shaped } from '../../lib/shape.js';

const MARK = { call: 1, answer: 2 } as const;

/** The kind of the call decides the shape of its body. */
const any: Shape<unknown> = { label: 'any JSON', is: (_value): _value is unknown => true };

const callShape = object({ id: number, kind: text, body: any });
const failureShape = object({ code: text, message: text, retryAfterS: optional(number), details: optional(any) });
const answerShape = object({
  id: number,
  answer: optional(any),
  failure: optional(failureShape),
  /** No answer yet: the caller waits so many milliseconds more, from now. */
  waitMs: optional(number),
});

export type Call = Shaped<typeof callShape>;
export type Answer = Shaped<typeof answerShape>;
export type SentFailure = Shaped<typeof failureShape>;

export type CallMessage =
  { readonly type: 'call'; readonly call: Call } | { readonly type: 'answer'; readonly answer: Answer };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCall(call: Call): Uint8Array {
  return marked(MARK.call, call);
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return marked(MARK.answer, answer);
}

/** `other`: a message of another kind. null: a malformed call or answer. */
export function decodeCallMessage(bytes: Uint8Array): CallMessage | 'other' | null {
  const mark = bytes[0];
  if (mark !== MARK.call && mark !== MARK.answer) return 'other';
  const value = parse(bytes.subarray(1));
  if (mark === MARK.call) return callShape.is(value) ? { type: 'call', call: value } : null;
  return answerShape.is(value) ? { type: 'answer', answer: value } : null;
}

function marked(mark: number, value: Call | Answer): Uint8Array {
  const text = encoder.encode(JSON.stringify(value));
  const bytes = new Uint8Array(1 + text.length);
  bytes[0] = mark;
  bytes.set(text, 1);
  return bytes;
}

function parse(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
