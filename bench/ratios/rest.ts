/** `get` and `create` of the relay surface on Redis, beside the same written by hand on Fastify and ioredis. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { requirePeers } from '../contenders/contenders.js';
import { reportRuns, Rounds, type ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { withRedis } from '../processes/foreign-server.js';
import { withGateway } from '../processes/gateway.js';
import { ServerProcess, withServer } from '../processes/server-process.js';
import type { Account } from '../report/account.js';
import { Backend, calls, createdSession, type Call } from '../rest/backend.js';
import { addressOf, inTurns } from '../rest/seats.js';
import { strictStorm, type StormTarget } from '../rest/storm.js';
import { rateFigures, type Effort, type Figure, type Ratio } from './ratio.js';

const CALLS = ['get', 'create'] as const;
type CallName = (typeof CALLS)[number];
const TARGETS: Readonly<Record<CallName, number>> = { get: 1.5, create: 1.2 };
const CONNECTIONS = 48;
const WARM_UP_S = 2;
const PEER = fileURLToPath(new URL('../../../bench/peers/fastify.mjs', import.meta.url));
const SESSION_COUNT = 200;
const EXPIRES_IN_S = 900;
const OURS = 'Sallyport';
const FASTIFY = 'Fastify';

const madeKey = z.object({ secret: z.string() });

export const rest: Ratio = {
  name: 'rest',
  summary: 'get and create a relay session on Redis, to Fastify and ioredis',
  measure: (account, effort) => {
    requirePeers();
    moveToCore(chooseCores().load);
    return withSides(async (sides) => {
      const figures: Figure[] = [];
      for (const call of CALLS) figures.push(...(await compare(account, effort, sides, call)));
      return figures;
    });
  },
};

async function compare(
  account: Account,
  effort: Effort,
  sides: readonly Side[],
  call: CallName,
): Promise<readonly Figure[]> {
  const run = (side: Side, seconds: number): Promise<ServerRun> =>
    strictStorm(side, { connections: CONNECTIONS, until: { seconds }, request: side[call] });
  for (const side of sides) await run(side, effort.isShort ? WARM_UP_S / 2 : WARM_UP_S);
  const timed = sides.map((side) => ({ name: side.name, run: () => run(side, effort.seconds) }));
  const rounds = await Rounds.of(account, effort, timed);
  const rows = sides.map(({ name }) => ({ name, label: `${call}, ${name}` }));
  reportRuns(account, rounds, 'calls', rows);
  const rates = { s: 'calls/s', 'CPU second': 'calls per CPU second' };
  return rateFigures(rounds, OURS, FASTIFY, TARGETS[call], (per) => `rest ${call}: ${rates[per]} to Fastify's`);
}

interface Side extends StormTarget {
  readonly name: string;
  /** The nth call of that name, as bytes of HTTP. */
  readonly get: (n: number) => string;
  readonly create: (n: number) => string;
}

/** Both on the server's core, with one Redis beside the load. */
function withSides<T>(use: (sides: readonly Side[]) => Promise<T>): Promise<T> {
  const { server: core, load } = chooseCores();
  return withRedis(load, (redis) =>
    withGateway(redis.url, async ({ url, key: rootKey, pid }) => {
      // A key that is looked up, as backends have one; the root key is not.
      const body = { name: 'bench', scopes: ['relays'], project_id: 'default' };
      const made = await new Backend(url, rootKey).call({ method: 'POST', path: '/v1/keys', body });
      const key = madeKey.parse(made).secret;
      const at = { core, redisPid: redis.pid };
      const ours = await sideOf({ name: OURS, url, pid, ...at }, key);
      const environment = { NODE_ENV: 'production', BENCH_REDIS_URL: redis.url, BENCH_API_KEY: key };
      const peer = new ServerProcess('Fastify peer', PEER, { core, environment });
      return withServer(peer, async (listening) =>
        use([ours, await sideOf({ name: FASTIFY, url: listening.url, pid: peer.pid, ...at }, key)]),
      );
    }),
  );
}

async function sideOf(at: StormTarget & { readonly name: string }, key: string): Promise<Side> {
  const backend = new Backend(at.url, key);
  const create = (n: number): Call => calls.create([addressOf(n), addressOf(n + 1)], { expires_in_s: EXPIRES_IN_S });
  // Both sides must answer alike, or the comparison is none.
  const ids = await inTurns(SESSION_COUNT, async (n) => {
    const made = createdSession.parse(await backend.call(create(n)));
    const got = createdSession.parse(await backend.call(calls.get(made.session_id)));
    demand(JSON.stringify(got) === JSON.stringify(made), `${at.url} answers get and create differently`);
    demand(got.session_users.length === 2 && got.relay !== null, `${at.url} answers with another session`);
    return made.session_id;
  });
  return {
    ...at,
    get: (n) => backend.request(calls.get(ids[n % SESSION_COUNT] ?? '')),
    create: (n) => backend.request(create(n)),
  };
}
