/** The control frames a game client hears, parsed as an outside program would: only the members it looks at. */
import { z } from 'zod';

const index = z.int();
const host = { index: index.nullable(), term: z.int() };

const heard = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    you: z.object({ index, user_id: z.string(), role: z.enum(['host', 'client']) }),
    members: z.array(z.object({ index })),
    host: z.object(host),
    resume: z.object({ token: z.string() }),
  }),
  z.object({ type: z.literal('member.joined'), member: z.object({ index }) }),
  z.object({ type: z.literal('member.left'), index, reason: z.string() }),
  z.object({ type: z.literal('host'), ...host }),
  z.object({ type: z.literal('ack'), ref: z.int(), seq: z.int() }),
  z.object({ type: z.literal('pong'), t: z.json() }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('gap'), from: z.int(), to: z.int(), reason: z.string() }),
  z.object({ type: z.literal('goaway'), reason: z.string() }),
]);

export type Heard = z.output<typeof heard>;
export type HeardOf<T extends Heard['type']> = Extract<Heard, { type: T }>;

/** `other` is of a type that nobody here looks at; `malformed` has not the documented shape. */
export type Parsed = Heard | { readonly type: 'other' | 'malformed' };

const KNOWN: ReadonlySet<string> = new Set(heard.options.map((option) => option.shape.type.value));
const anyControl = z.object({ type: z.string() });

/** Parses one text frame. Never throws. */
export function parseControl(text: string): Parsed {
  try {
    const frame: unknown = JSON.parse(text);
    return KNOWN.has(anyControl.parse(frame).type) ? heard.parse(frame) : { type: 'other' };
  } catch {
    return { type: 'malformed' };
  }
}
