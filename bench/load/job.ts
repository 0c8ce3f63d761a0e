/** What a load worker is asked for, and what it answers: plain JSON between two processes. */
import { z } from 'zod';
import { endpoint } from '../client/dial.js';
import { PHASES } from './schedule.js';
import { WIRE_NAMES } from './wires/by-name.js';

export const job = z.object({
  /** One for all clients, or one for each room. */
  endpoints: z.array(endpoint).min(1),
  /** See `sourceAddresses`. */
  localAddresses: z.array(z.string()),
  /** What the server speaks (bench/load/wires/). */
  wire: z.enum(WIRE_NAMES),
  /** The handshake of each client, room by room. */
  handshakes: z.array(z.string()),
  roomsOf: z.int(),
  /** So many of each room send, the others only listen. */
  senders: z.int(),
  /** Messages a second of each sender. */
  rate: z.number(),
  payloadBytes: z.int(),
  phases: z.enum(PHASES),
  warmUpS: z.number(),
  seconds: z.number(),
  /** Whose CPU time is taken; null when it runs elsewhere. */
  serverPid: z.int().nullable(),
  /** How long an interval is. */
  sampleMs: z.number(),
});

/** Sent once every worker has said that its clients have joined. */
export const go = z.object({
  /** Of the machine's monotonic clock, which all processes share. */
  startUs: z.number(),
});

const cpuTime = z.object({ userS: z.number(), systemS: z.number(), waitS: z.number() });
const valueCounts = z.array(z.tuple([z.number(), z.number()]));

/** What happened between two moments, counted from the start of the sending. */
const interval = z.object({
  /** The how manyeth, from 0. */
  n: z.int(),
  untilS: z.number(),
  due: z.int(),
  delivered: z.int(),
  /** How many more deliveries are known to be missing; below 0 when some came after all. */
  missing: z.int(),
});

/** With the times of what came in it: they are told in the end, since reading them takes time that a load should have. */
const sample = interval.extend({ latencyUs: valueCounts });

export const part = z.object({
  /** Of the whole run, warm-up included, after the last message had time to come. */
  counts: z.object({
    due: z.int(),
    delivered: z.int(),
    lost: z.int(),
    doubled: z.int(),
    disordered: z.int(),
    damaged: z.int(),
  }),
  /** What else should not have been: errors, gaps, closed sockets. */
  problems: z.array(z.string()),
  /** Of the measured window alone. */
  window: z.object({
    seconds: z.number(),
    deliveries: z.int(),
    frames: z.int(),
    /** Of the clients: a server that writes several frames at once saves its own calls and theirs. */
    reads: z.int(),
    /** A receiver's own entries, in batches shared by its room. */
    echoes: z.int(),
    serverCpu: cpuTime.nullable(),
    loadCpu: cpuTime,
    /** As CPU profiles count it: the machine's monotonic clock. */
    startUs: z.number(),
    endUs: z.number(),
  }),
  /**
   * Their latencies are from when a message was due to when it had come, of every seventh message that was due in the
   * window or after.
   */
  samples: z.array(sample),
  /** How much later than due the generator sent. */
  lagUs: valueCounts,
});

export const answer = z.union([
  z.object({ joined: z.int() }),
  z.object({ interval }),
  z.object({ part }),
  z.object({ failure: z.string() }),
]);

export type Job = z.output<typeof job>;
export type Part = z.output<typeof part>;
export type Interval = z.output<typeof interval>;
export type SamplePart = z.output<typeof sample>;
export type Answer = z.output<typeof answer>;
