/** The messages between the bench and its load workers: plain JSON between two processes. */
import { z } from 'zod';
import { endpoint } from '../client/dial.js';
import { PHASES } from './schedule.js';
import { wireName } from './wires/by-name.js';

/** A worker's clients: whole rooms. */
export const job = z.object({
  /** One for all clients, one for each room, or one for each client. */
  endpoints: z.array(endpoint).min(1),
  /** See `sourceAddresses`. */
  localAddresses: z.array(z.string()),
  wire: wireName,
  /** The handshake of each client, room by room. */
  handshakes: z.array(z.string()),
  roomsOf: z.int(),
});

const traffic = z.object({
  /** How many members of each room send. The others only listen. */
  senders: z.int(),
  /** Messages a second of each sender. */
  rate: z.number(),
  payloadBytes: z.int(),
  phases: z.enum(PHASES),
  warmUpS: z.number(),
  seconds: z.number(),
  /** The processes whose CPU time is added up; none: they run elsewhere. */
  serverPids: z.array(z.int()),
  /** The length of an interval. */
  sampleMs: z.number(),
  /** When the sending starts, on the machine's monotonic clock, which all processes share. */
  startUs: z.number(),
});

export const command = z.discriminatedUnion('do', [
  /** Each client tries to connect once, `atOnce` clients at a time. */
  z.object({ do: z.literal('connect'), atOnce: z.int() }),
  /** Every connection ends without a close frame. The answer comes when all are gone. */
  z.object({ do: z.literal('drop') }),
  /** The clients resume, spread over `spreadMs`. A client that fails tries again until `withinMs` have passed. */
  z.object({ do: z.literal('return'), spreadMs: z.number(), withinMs: z.number() }),
  /** Asks how many clients are connected. */
  z.object({ do: z.literal('count') }),
  traffic.extend({ do: z.literal('send') }),
]);

const cpuTime = z.object({ userS: z.number(), systemS: z.number(), waitS: z.number() });
const valueCounts = z.array(z.tuple([z.number(), z.number()]));

export const stage = z.object({
  wanted: z.int(),
  done: z.int(),
  /** How many attempts failed, by reason. */
  failures: z.record(z.string(), z.int()),
  /** Clients that resumed as another member, or that missed something though no client sent anything. */
  strangers: z.int(),
  seconds: z.number(),
  cpuS: z.number(),
  /** From the start of a connection until the client has joined. */
  latencyUs: valueCounts,
  /** From the start of the stage until the client has joined. */
  sinceStartUs: valueCounts,
});

/** Counts of the time between two moments. */
const interval = z.object({
  /** Its place, from 0. */
  n: z.int(),
  untilS: z.number(),
  due: z.int(),
  delivered: z.int(),
  /** How many more deliveries are known to be missing; below 0 when missing ones arrived after all. */
  missing: z.int(),
});

/** The worker reports latencies only at the end: reading them takes time that the load needs. */
const sample = interval.extend({ latencyUs: valueCounts });

export const part = z.object({
  /** Counts of the whole run with its warm-up, once the last message had time to arrive. */
  counts: z.object({
    due: z.int(),
    delivered: z.int(),
    lost: z.int(),
    doubled: z.int(),
    disordered: z.int(),
    damaged: z.int(),
  }),
  /** Other faults: errors, gaps, closed sockets. */
  problems: z.array(z.string()),
  /** Counts of the measured window alone. */
  window: z.object({
    seconds: z.number(),
    deliveries: z.int(),
    frames: z.int(),
    /** Reads of the clients: a server that writes several frames at once saves calls on both sides. */
    reads: z.int(),
    /** A receiver's own entries, in batches that its room shares. */
    echoes: z.int(),
    serverCpu: cpuTime.nullable(),
    loadCpu: cpuTime,
    /** On the machine's monotonic clock, as CPU profiles count. */
    startUs: z.number(),
    endUs: z.number(),
  }),
  /** Latencies run from when a message was due until it arrived: every seventh message due after the warm-up. */
  samples: z.array(sample),
  /** How much later than due the worker sent. */
  lagUs: valueCounts,
});

export const answer = z.union([
  z.object({ progress: z.int() }),
  z.object({ interval }),
  z.object({ stage }),
  z.object({ connected: z.int() }),
  z.object({ part }),
  z.object({ failure: z.string() }),
]);

export type Job = z.output<typeof job>;
export type Traffic = z.output<typeof traffic>;
export type Command = z.output<typeof command>;
export type StagePart = z.output<typeof stage>;
export type Part = z.output<typeof part>;
export type Interval = z.output<typeof interval>;
export type SamplePart = z.output<typeof sample>;
export type Answer = z.output<typeof answer>;
