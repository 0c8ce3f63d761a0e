/** The messages between the bench and its signer. */
import { z } from 'zod';

export const signingOrder = z.object({
  how: z.enum(['sync', 'async']),
  seconds: z.number(),
  /** The signer's own core; null: none. */
  core: z.int().nullable(),
});

export const signed = z.object({ perS: z.number(), busy: z.number(), robbed: z.number() });

export type SigningOrder = z.output<typeof signingOrder>;
export type Signed = z.output<typeof signed>;
