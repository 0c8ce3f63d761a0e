/**
 * The fault F14: many sessions expire within one second, beside live ones, at nodes that share one Redis. Redis tells
 * which of them were removed, when, and how often.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { partitionOf } from '../../src/adapters/redis/partitions.js';
import { pairOf } from './backend.js';
import { Client } from './client.js';
import { eventually } from './eventually.js';
import { inParallel } from './in-parallel.js';
import type { Nodes } from './nodes.js';
import { fieldsOf } from './session-keys.js';

export interface ExpiryPlan {
  readonly sessions: number;
  /** Sessions that are looked at in the same second, but got more time before. */
  readonly prolonged: number;
  /** So many of the sessions have a member. */
  readonly sockets: number;
  /** Keys of live sessions; in the figures: of all sessions, at the end. */
  readonly liveKeys: number;
  /** Called when the second begins. What it returns is called when all is over, or after `patienceMs`. */
  readonly disturb?: () => () => void;
  readonly patienceMs: number;
}

export interface ExpiryFigures {
  /** From a session's end to its removal from the store, in ms, in ascending order. */
  readonly removedMs: readonly number[];
  /** From a session's end to the close of its socket, in ms, in ascending order. */
  readonly closedMs: readonly number[];
  readonly codes: Readonly<Record<string, number>>;
  readonly removedMoreThanOnce: number;
  readonly neverRemoved: number;
  /** Live or prolonged sessions that were removed. */
  readonly removedAlive: number;
  readonly liveKeys: number;
}

/** Names and places as in src/adapters/redis/keys.ts. */
const EXPIRY = 'sallyport:{index}:expiry';
const LISTING = 'sallyport:{index}:everybody';
const AT_ONCE = 16;
const COPIES_AT_ONCE = 2_000;
const WARM_UP = 32;

/**
 * Copies a session under new ids. ARGV: its id, the hints, the rest of its hint, the listing, when the copies end and when
 * their hints are due ('' as the first one), how many keys it has, its keys, the new ids.
 */
const COPY = `
local due = ARGV[6] ~= '' and ARGV[6] or redis.call('ZSCORE', ARGV[2], ARGV[1] .. ARGV[3])
local last_key = 7 + tonumber(ARGV[7])
for n = last_key + 1, #ARGV do
  local id = ARGV[n]
  for k = 8, last_key do
    local from, to = string.find(ARGV[k], ARGV[1], 1, true)
    local copy = string.sub(ARGV[k], 1, from - 1) .. id .. string.sub(ARGV[k], to + 1)
    redis.call('COPY', ARGV[k], copy)
    if ARGV[5] ~= '' then
      if string.find(copy, ':fields', 1, true) then redis.call('HSET', copy, 'expires', ARGV[5]) end
      redis.call('PEXPIREAT', copy, ARGV[5] + 60000)
    end
  end
  redis.call('ZADD', ARGV[2], due, id .. ARGV[3])
  redis.call('ZADD', ARGV[4], n, id)
end`;

export async function runExpiry(nodes: Nodes, plan: ExpiryPlan): Promise<ExpiryFigures> {
  const copies = await Copies.of(nodes);
  await copies.make(plan.liveKeys / copies.keysEach, null, null);
  const msEach = await warmUp(nodes);
  const endMs = Math.ceil(Date.now() + 3_000 + 3 * msEach * plan.sockets);
  await copies.make(plan.prolonged, null, endMs);
  const ends = new Map<string, number>();
  const ended = await copies.make(plan.sessions - plan.sockets, endMs, endMs);
  for (const id of ended) ends.set(id, endMs);
  const closes = await joinNew(nodes, plan.sockets, endMs);
  for (const { id } of closes) ends.set(id, await endOf(nodes.client, id));
  if (Date.now() > endMs) throw new Error('the sessions were not ready before their end');
  const liveKeys = await nodes.client.dbsize();
  const removals = await Removals.watch(nodes.client);
  await pause(endMs - Date.now());
  const calm = plan.disturb?.();
  await eventually(
    () => {
      const left = [...ends.keys()].filter((id) => !removals.times.has(id)).length;
      const open = closes.filter(({ client }) => client.closed === null).length;
      return left + open === 0 ? null : `${String(left)} are not removed, ${String(open)} sockets are open`;
    },
    plan.patienceMs,
    200,
  ).catch(() => undefined);
  // Time for a second sweep of the same session.
  await pause(500);
  calm?.();
  const count = await removals.count();
  await removals.stop();
  return judge(ends, closes, { times: removals.times, count, liveKeys });
}

/** Sessions without a member, made in Redis as copies of one that a node has created: REST would take too long. */
class Copies {
  private made = 0;

  private constructor(
    private readonly client: Redis,
    private readonly id: string,
    private readonly restOfHint: string,
    private readonly keys: readonly string[],
  ) {}

  static async of({ client, backends }: Nodes): Promise<Copies> {
    const id = (await backends[0]?.createSession(2))?.session_id ?? '';
    const hint = (await client.zrange(EXPIRY, '0', '-1')).find((member) => member.startsWith(id)) ?? '';
    const keys = await client.keys(`sallyport:relay:*:${id}:*`);
    return new Copies(client, id, hint.slice(id.length), keys);
  }

  get keysEach(): number {
    return this.keys.length;
  }

  /** Returns the ids. null: as the session that is copied. */
  async make(count: number, endsAtMs: number | null, hintAtMs: number | null): Promise<readonly string[]> {
    const ids = Array.from({ length: Math.ceil(count) }, () => this.nextId());
    for (let at = 0; at < ids.length; at += COPIES_AT_ONCE) {
      const some = ids.slice(at, at + COPIES_AT_ONCE);
      const hints = [EXPIRY, this.restOfHint, LISTING, endsAtMs ?? '', hintAtMs ?? ''];
      await this.client.eval(COPY, 0, this.id, ...hints, this.keys.length, ...this.keys, ...some);
    }
    return ids;
  }

  /** An id of the same partition, because the names of the copied keys contain it. */
  private nextId(): string {
    for (;;) {
      const id = `${this.made.toString(16).padStart(12, '0')}-S`;
      this.made += 1;
      if (partitionOf(id) === partitionOf(this.id)) return id;
    }
  }
}

interface Close {
  readonly client: Client;
  readonly id: string;
  atMs: number;
}

interface Removed {
  readonly times: ReadonlyMap<string, number>;
  /** How many removals there were: more than sessions, when nodes worked on the same ones. */
  readonly count: number;
  readonly liveKeys: number;
}

function judge(
  ends: ReadonlyMap<string, number>,
  closes: readonly Close[],
  { times, count, liveKeys }: Removed,
): ExpiryFigures {
  const since = (id: string, atMs: number): number => atMs - (ends.get(id) ?? NaN);
  const removed = [...times].filter(([id]) => ends.has(id));
  const codes: Record<string, number> = {};
  for (const { client } of closes) {
    const code = String(client.closed?.code ?? 'open');
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return {
    removedMs: removed.map(([id, atMs]) => since(id, atMs)).sort((a, b) => a - b),
    closedMs: closes.map(({ id, atMs }) => since(id, atMs)).sort((a, b) => a - b),
    codes,
    removedMoreThanOnce: count - times.size,
    neverRemoved: ends.size - removed.length,
    removedAlive: times.size - removed.length,
    liveKeys,
  };
}

/** How long a create takes when many run at once, in ms. */
async function warmUp(nodes: Nodes): Promise<number> {
  const startedMs = performance.now();
  await inParallel([...Array(WARM_UP).keys()], AT_ONCE, async (n) => {
    await nodes.sessionAt(n % 2);
  });
  return (performance.now() - startedMs) / WARM_UP;
}

/** Members of sessions that end within the second that begins at `endMs`. Half are at a node that is not the home. */
async function joinNew(nodes: Nodes, count: number, endMs: number): Promise<readonly Close[]> {
  const closes: Close[] = [];
  await inParallel([...Array(count).keys()], AT_ONCE, async (n) => {
    const left = Math.max(1, Math.ceil((endMs - Date.now()) / 1000));
    const session = await nodes.sessionAt(n % 2, 1, { expires_in_s: left });
    const client = await join(nodes.process(Math.floor(n / 2) % 2).socketUrl, pairOf(session));
    const close: Close = { client, id: session.session_id, atMs: NaN };
    client.socket.once('close', () => (close.atMs = Date.now()));
    closes.push(close);
  });
  return closes;
}

async function endOf(client: Redis, id: string): Promise<number> {
  return Number((await client.hget(fieldsOf(id), 'expires')) ?? NaN);
}

/** A busy home may be asked in vain: then the satellite refuses. */
async function join(url: string, credential: string): Promise<Client> {
  const joined: Client[] = [];
  await eventually(async () => {
    const outcome = await Client.attempt(url, credential);
    if (!(outcome instanceof Client)) return JSON.stringify(outcome.body);
    joined.push(outcome);
    return null;
  });
  const [client] = joined;
  if (client === undefined) throw new Error('unreachable');
  return client;
}

const REMOVAL = /sallyport:relay:\{p\d+\}:([0-9a-f]{12}-S):fields\r\n/g;

/**
 * When the keys of each session went. Redis tells so itself (keyspace events), on a plain socket: MONITOR, and a client
 * that takes each message apart, would take more time than what is measured.
 */
class Removals {
  /** In ms. */
  readonly times = new Map<string, number>();
  private text = '';

  private constructor(
    private readonly client: Redis,
    private readonly socket: Socket,
  ) {
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.read(text, Date.now());
    });
  }

  static async watch(client: Redis): Promise<Removals> {
    const { host = '127.0.0.1', port = 6379 } = client.options;
    await client.config('SET', 'notify-keyspace-events', 'Eg');
    await client.config('RESETSTAT');
    const removals = new Removals(client, connect({ host, port }));
    removals.socket.write('SUBSCRIBE __keyevent@0__:del\r\n');
    await once(removals.socket, 'data');
    return removals;
  }

  /** How often a node removed a session, however many of its keys were still there. */
  async count(): Promise<number> {
    return Number(/cmdstat_unlink:calls=(\d+)/.exec(await this.client.info('commandstats'))?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    this.socket.destroy();
    await this.client.config('SET', 'notify-keyspace-events', '');
  }

  private read(text: string, nowMs: number): void {
    this.text += text;
    const end = this.text.lastIndexOf('\n') + 1;
    for (const [, id = ''] of this.text.slice(0, end).matchAll(REMOVAL)) {
      if (!this.times.has(id)) this.times.set(id, nowMs);
    }
    this.text = this.text.slice(end);
  }
}

/** Takes claims back as soon as they are made, so that a sweeper gets what another one works on. Returns what ends it. */
export function undoClaims(client: Redis): () => void {
  let isOver = false;
  const undo = async (): Promise<void> => {
    while (!isOver) {
      const soonMs = Date.now() + 11_000;
      const claimed = await client.zrangebyscore(EXPIRY, Date.now(), soonMs);
      if (claimed.length > 0) await client.zadd(EXPIRY, 'XX', ...claimed.flatMap((member) => ['0', member]));
      await pause(1);
    }
  };
  undo().catch(() => undefined);
  return () => {
    isOver = true;
  };
}
