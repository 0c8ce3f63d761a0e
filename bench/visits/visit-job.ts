/** What a worker that holds connections is asked for, and what it answers: plain JSON between two processes. */
import { z } from 'zod';
import { endpoint } from '../client/dial.js';

export const visitJob = z.object({
  /** One for all clients, or one for each room. */
  endpoints: z.array(endpoint).min(1),
  localAddresses: z.array(z.string()),
  roomsOf: z.int(),
  /** The handshake of each client, room by room. */
  handshakes: z.array(z.string()),
  /** What makes a client be in: our gateway's welcome, or, where nobody says that, the end of the handshake. */
  inBy: z.enum(['welcome', 'upgrade']),
});

export const command = z.discriminatedUnion('do', [
  /** Everybody connects, so many at once, each once. */
  z.object({ do: z.literal('connect'), atOnce: z.int() }),
  /** Every connection is let go without a close frame; the answer comes when all are gone. */
  z.object({ do: z.literal('drop') }),
  /** Everybody comes back with its resume token, spread over that time, again and again until it is in. */
  z.object({ do: z.literal('return'), spreadMs: z.number(), withinMs: z.number() }),
  /** How many are in. */
  z.object({ do: z.literal('count') }),
]);

const valueCounts = z.array(z.tuple([z.number(), z.number()]));

export const stage = z.object({
  wanted: z.int(),
  done: z.int(),
  /** Attempts that failed, by their reason. */
  failures: z.record(z.string(), z.int()),
  /** Resumed as another member than before, or told of a gap though nothing was sent. */
  strangers: z.int(),
  seconds: z.number(),
  cpuS: z.number(),
  /** From the start of a connection to its welcome. */
  latencyUs: valueCounts,
  /** From the start of the stage to the welcome. */
  sinceStartUs: valueCounts,
});

export const visitAnswer = z.union([
  z.object({ stage }),
  z.object({ progress: z.int() }),
  z.object({ in: z.int() }),
  z.object({ failure: z.string() }),
]);

export type VisitJob = z.output<typeof visitJob>;
export type VisitCommand = z.output<typeof command>;
export type StagePart = z.output<typeof stage>;
export type VisitAnswer = z.output<typeof visitAnswer>;
