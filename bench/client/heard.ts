/** The control frames that clients of the bench use, with the fields that they use. */
import { z } from 'zod';

const heard = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    you: z.object({ index: z.int() }),
    epoch: z.string(),
    seq: z.int(),
    recovered: z.boolean(),
    resume: z.object({ token: z.string() }),
  }),
  z.object({ type: z.literal('gap'), from: z.int(), to: z.int(), reason: z.string() }),
  z.object({ type: z.literal('ack'), ref: z.int(), seq: z.int() }),
  z.object({ type: z.literal('pong'), t: z.int() }),
  z.object({ type: z.literal('error'), code: z.string() }),
  z.object({ type: z.literal('goaway'), reason: z.string() }),
]);

export type Heard = z.output<typeof heard>;
export type Welcome = Extract<Heard, { type: 'welcome' }>;

const KNOWN: ReadonlySet<string> = new Set(heard.options.map((option) => option.shape.type.value));
const anyControl = z.object({ type: z.string() });

/** null for a control frame that the bench does not use. Throws on text that is no control frame. */
export function parseHeard(text: string): Heard | null {
  const frame: unknown = JSON.parse(text);
  return KNOWN.has(anyControl.parse(frame).type) ? heard.parse(frame) : null;
}
