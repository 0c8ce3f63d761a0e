/** Options that several scenarios take. */
import { z } from 'zod';
import type { Crowd } from '../rest/seats.js';
import { MIN_MESSAGE_BYTES } from '../client/message.js';
import { PHASES } from '../load/schedule.js';

const MAX_CLIENTS = 1_000_000;
const MAX_SECONDS = 18_000;

export function whole(min: number, max: number): z.ZodCoercedNumber {
  return z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);
}

export function above0(): z.ZodCoercedNumber {
  return z.coerce.number('must be a number').positive('must be more than 0');
}

/** Which gateway. */
export const targetOptions = {
  url: z
    .url({ protocol: /^https?$/, message: 'must be an http or https URL' })
    .describe('a gateway that runs already; without it the bench starts one of its own')
    .optional(),
  key: z
    .string()
    .min(1)
    .describe('its API key of scope relays (or set BENCH_KEY, which `ps` does not show)')
    .optional(),
  pid: whole(1, 2 ** 31)
    .describe('its process, when it runs on this machine: shows its CPU and memory')
    .optional(),
};

/** For a gateway of our own. */
export const redisOption = {
  redis: z.boolean().describe('the gateway of its own keeps its state in a redis-server of its own').default(false),
};

export const quickOption = { quick: z.boolean().describe('a short, small run').default(false) };

export const workersOption = {
  workers: whole(1, 64).describe('load processes, each with its share of whole rooms').default(1),
};

export const crowdOptions = {
  clients: whole(2, MAX_CLIENTS).describe('how many connect').default(400),
  rooms: whole(1, MAX_CLIENTS).describe('how many rooms they share (else as many as --rooms-of makes)').optional(),
  'rooms-of': whole(2, 65_534).describe('members of each room').default(8),
};

export const messageOptions = {
  payload: whole(MIN_MESSAGE_BYTES, 1_048_576).describe('bytes of a message').default(64),
  class: z.enum(['volatile', 'latest', 'reliable']).describe('the delivery class').default('volatile'),
  'flush-ms': z
    .union([z.literal('auto'), whole(0, 50)], 'must be auto, or 0 to 50')
    .describe('how long the gateway gathers, for these sessions: auto, or 0 to 50')
    .default('auto'),
};

export const timeOptions = {
  seconds: above0().max(MAX_SECONDS, `must be at most ${MAX_SECONDS}`).describe('how long is measured').default(10),
  'warm-up': z.coerce
    .number('must be a number')
    .min(0, 'must be at least 0')
    .describe('seconds of traffic before that')
    .default(2),
};

export const phasesOption = {
  phases: z.enum(PHASES).describe("when one room's members send, to each other").default('shuffled'),
};

/** Several, one table each. */
export function phaseList(fallback = 'together,shuffled') {
  return z
    .string()
    .default(fallback)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(PHASES)).min(1));
}

export const lossOption = {
  'max-loss': z.coerce
    .number('must be a number')
    .min(0)
    .max(100)
    .describe('percent of the deliveries that may be lost without the run failing')
    .default(0),
};

export const serverOption = {
  server: z
    .enum(['gateway', 'bare'])
    .describe('bare: the engine alone, relaying as little as can be; the limit to compare with')
    .default('gateway'),
};

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
