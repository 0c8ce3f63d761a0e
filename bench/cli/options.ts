/** Options that several scenarios take. */
import { z } from 'zod';
import { MIN_MESSAGE_BYTES } from '../client/message.js';
import type { Load } from '../contenders/load-once.js';
import { PHASES } from '../load/schedule.js';
import { MAX_SEED } from '../measure/random.js';
import type { Crowd } from '../rest/seats.js';

const MAX_SECONDS = 18_000;

export function whole(min: number, max: number): z.ZodCoercedNumber {
  return atLeast(min).int('must be a whole number').max(max, `must be at most ${max}`);
}

export function atLeast(min: number): z.ZodCoercedNumber {
  return z.coerce.number('must be a number').min(min, `must be at least ${min}`);
}

export function above0(): z.ZodCoercedNumber {
  return z.coerce.number('must be a number').positive('must be more than 0');
}

export const targetOptions = {
  url: z
    .url({ protocol: /^https?$/, message: 'must be an http or https URL' })
    .describe('URL of a running gateway; without it the bench starts its own')
    .optional(),
  key: z
    .string()
    .min(1)
    .describe('API key of that gateway with the scope relays (or set BENCH_KEY, which `ps` does not show)')
    .optional(),
  pid: whole(1, 2 ** 31)
    .describe('process id of that gateway if it runs on this machine: shows its CPU and memory')
    .optional(),
};

export const workersOption = {
  workers: whole(1, 64).describe('number of load processes; the clients of a room share one').default(1),
};

export const quickOption = { quick: z.boolean().describe('a short, small run').default(false) };

/** For scenarios at a gateway that the bench may start itself. */
export const gatewayOptions = {
  ...targetOptions,
  redis: z
    .boolean()
    .describe("the bench's own gateway keeps its state in Redis; the bench starts a redis-server for it")
    .default(false),
};

export function clients(fallback: number, max = 1_000_000): z.ZodDefault<z.ZodCoercedNumber> {
  return whole(2, max).describe('number of clients').default(fallback);
}

export const crowdOptions = {
  clients: clients(400),
  rooms: whole(1, 1_000_000).describe('number of rooms that the clients share (default: from --rooms-of)').optional(),
  'rooms-of': whole(2, 65_534).describe('members of each room').default(8),
};

export const atOnceOption = {
  'at-once': whole(1, 100_000).describe('how many sockets connect at once').default(200),
};

const serverOption = {
  server: z
    .enum(['gateway', 'bare'])
    .describe('what is measured; bare: the engine alone, which does the least work possible and so shows the limit')
    .default('gateway'),
};

export const rateOption = { rate: above0().describe('messages per second from each sender').default(20) };

export const payloadOption = {
  payload: whole(MIN_MESSAGE_BYTES, 1_048_576).describe('size of a message in bytes').default(64),
};

export const timeOptions = {
  seconds: above0()
    .max(MAX_SECONDS, `must be at most ${MAX_SECONDS}`)
    .describe('length of the measurement')
    .default(10),
  'warm-up': atLeast(0).describe('seconds of traffic before the measurement').default(2),
};

/** For scenarios that load one server with messages. */
export const loadOptions = {
  ...targetOptions,
  ...serverOption,
  ...crowdOptions,
  ...rateOption,
  ...payloadOption,
  class: z.enum(['volatile', 'latest', 'reliable']).describe('the delivery class').default('volatile'),
  'flush-ms': z
    .union([z.literal('auto'), whole(0, 50)], 'must be auto, or 0 to 50')
    .describe('how long the gateway gathers entries in these sessions: auto, or 0 to 50 ms')
    .default('auto'),
  durability: z
    .enum(['memory', 'redis'])
    .describe('whether reliable entries of these sessions survive their node; Redis needs a --url')
    .default('memory'),
  ...timeOptions,
  phases: z.enum(PHASES).describe('when the members of a room send, relative to each other').default('shuffled'),
  ...workersOption,
  ...quickOption,
};

export const lossOption = {
  'max-loss': atLeast(0).max(100).describe('percentage of deliveries that may be lost without a failure').default(0),
};

export function seed(): z.ZodOptional<z.ZodCoercedNumber> {
  return whole(0, MAX_SEED).describe('seed of the random numbers (default: a new one)').optional();
}

/** Several, one table for each. */
export function phaseList(fallback = 'together,shuffled') {
  return z
    .string()
    .default(fallback)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(PHASES)).min(1))
    .describe('when the members of a room send, relative to each other; one table per value');
}

export interface CrowdGiven {
  readonly clients: number;
  readonly rooms?: number | undefined;
  readonly 'rooms-of': number;
}

/** Whole rooms. Throws when the numbers do not make any. */
export function crowdOf({ clients, rooms, 'rooms-of': roomsOf }: CrowdGiven): Crowd {
  const each = rooms === undefined ? roomsOf : clients / rooms;
  if (!Number.isInteger(each) || each < 2) throw new Error(`--clients ${clients} do not fill --rooms ${rooms ?? 0}`);
  if (clients % each !== 0) throw new Error(`--clients ${clients} must be a multiple of --rooms-of ${each}`);
  return { clients, roomsOf: each };
}

export interface LoadGiven extends CrowdGiven {
  readonly rate: number;
  readonly payload: number;
  readonly seconds: number;
  readonly 'warm-up': number;
}

export function loadOf(given: LoadGiven, more: Pick<Load, 'phases' | 'senders' | 'workers'>): Load {
  const { rate, payload: payloadBytes, seconds, 'warm-up': warmUpS } = given;
  return { ...crowdOf(given), rate, payloadBytes, seconds, warmUpS, ...more };
}
