/** The options of `bench:flush` and `bench:peers`: see those for what they mean. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { bareEngine, sallyport, type Contender } from './contenders.js';
import { MIN_MESSAGE_BYTES } from '../client/message.js';
import { PHASES, type Phases } from '../load/schedule.js';
import { colyseus, nats, socketIo, wsPeer } from './peer-contenders.js';
import type { Load } from './rounds.js';

export interface FlushOptions {
  readonly load: Omit<Load, 'phases'>;
  /** One table each. */
  readonly phases: readonly Phases[];
  readonly repeat: number;
  /** How often a run is made again at most while something else takes its cores. */
  readonly attempts: number;
  readonly contenders: readonly Contender[];
  readonly profileDir: string | null;
}

const CONTENDERS: ReadonlyMap<string, Contender> = new Map([
  ['bare', bareEngine],
  ['auto', sallyport('auto')],
  ['2', sallyport(2)],
  ['0', sallyport(0)],
  ['reliable', sallyport('auto', 'reliable')],
  ['nats', nats],
  ['ws', wsPeer],
  ['socket.io', socketIo(false)],
  ['socket.io-uws', socketIo(true)],
  ['colyseus', colyseus(false)],
  ['colyseus-uws', colyseus(true)],
]);

const FULL = { clients: '1600', seconds: '5', 'warm-up': '2', repeat: '3', attempts: '3' };
const QUICK = { clients: '400', seconds: '2', 'warm-up': '0.5', repeat: '1', attempts: '1' };

const values = z
  .object({
    clients: z.coerce.number().int().min(2).max(15_000),
    'rooms-of': z.coerce.number().int().min(2).max(65_534),
    rate: z.coerce.number().positive(),
    payload: z.coerce.number().int().min(MIN_MESSAGE_BYTES).max(16_384),
    seconds: z.coerce.number().positive(),
    'warm-up': z.coerce.number().min(0),
    repeat: z.coerce.number().int().min(1),
    attempts: z.coerce.number().int().min(1),
    phases: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(z.enum(PHASES)).min(1)),
    only: z.string().transform((text) => text.split(',')),
    profile: z.string().nullable(),
  })
  .refine((given) => given.clients % given['rooms-of'] === 0, '--clients must be a multiple of --rooms-of');

/** `defaults` are a script's own, as they would be written. Rejects (throws) with every problem in one message. */
export function parseFlushOptions(
  args: readonly string[],
  defaults: Readonly<Record<string, string>> = { phases: 'together,shuffled', only: 'bare,auto,2,0' },
): FlushOptions {
  const text = { type: 'string' } as const;
  const { values: given } = parseArgs({
    args: [...args],
    options: {
      clients: text,
      'rooms-of': text,
      rate: text,
      payload: text,
      seconds: text,
      'warm-up': text,
      repeat: text,
      attempts: text,
      phases: text,
      only: text,
      profile: text,
      quick: { type: 'boolean' },
    },
  });
  const { quick = false, ...named } = given;
  const rest = { 'rooms-of': '8', rate: '20', payload: '64', profile: null };
  const parsed = values.safeParse({ ...rest, ...FULL, ...defaults, ...(quick ? QUICK : {}), ...named });
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { clients, rate, seconds, phases, repeat, attempts, only, profile } = parsed.data;
  const { 'rooms-of': roomsOf, payload: payloadBytes, 'warm-up': warmUpS } = parsed.data;
  const load = { clients, roomsOf, rate, payloadBytes, warmUpS, seconds };
  return { load, phases, repeat, attempts, contenders: only.map(contenderOf), profileDir: profile };
}

function contenderOf(name: string): Contender {
  const contender = CONTENDERS.get(name);
  if (contender === undefined) throw new Error(`--only knows ${[...CONTENDERS.keys()].join(', ')}, not ${name}`);
  return contender;
}
