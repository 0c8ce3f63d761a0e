/** What the load generator is asked for, and what it answers: plain JSON between two processes. */
import { z } from 'zod';
import { PHASES } from './schedule.js';
import { WIRE_NAMES } from './wires/by-name.js';

export const job = z.object({
  host: z.string(),
  port: z.int(),
  /** What the server speaks (bench/load/wires/). */
  wire: z.enum(WIRE_NAMES),
  /** The handshake of each client, room by room. */
  handshakes: z.array(z.string()),
  roomsOf: z.int(),
  /** Messages a second of each client. */
  rate: z.number(),
  payloadBytes: z.int(),
  phases: z.enum(PHASES),
  warmUpS: z.number(),
  seconds: z.number(),
  /** Whose CPU time is taken. */
  serverPid: z.int(),
});

const cpuTime = z.object({ userS: z.number(), systemS: z.number(), waitS: z.number() });

export const result = z.object({
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
    serverCpu: cpuTime,
    loadCpu: cpuTime,
    /** As CPU profiles count it: the machine's monotonic clock. */
    startUs: z.number(),
    endUs: z.number(),
  }),
  /** From when a message was due to when it had come, of every seventh message that was due in the window or after. */
  latencyMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  /** How much later than due the generator sent. */
  lagMs: z.object({ p50: z.number(), p99: z.number() }),
});

export type Job = z.output<typeof job>;
export type Result = z.output<typeof result>;
