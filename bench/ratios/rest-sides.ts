/** The relay surface on Redis, ours and Fastify's: both run, and what each is asked. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createdSession } from '../rest/backend.js';
import { demand } from '../processes/changes.js';
import { chooseCores } from '../processes/cores.js';
import type { StormTarget } from '../rest/lean-storm.js';
import { withRedis } from '../processes/redis-process.js';
import { withGateway } from '../processes/gateway.js';
import { addressOf, inTurns } from '../rest/seats.js';
import { ServerProcess, withServer } from '../processes/server-process.js';

export interface RestSide extends StormTarget {
  readonly name: string;
  /** The nth call of that name, as bytes of HTTP. */
  readonly get: (n: number) => string;
  readonly create: (n: number) => string;
}

const PEER = fileURLToPath(new URL('../../../bench/peers/fastify.mjs', import.meta.url));
const PATH = '/v1/relays/sessions';
const SESSIONS = 200;
/** What the bench leaves in its Redis goes with that. */
const EXPIRES_IN_S = 900;

const madeKey = z.object({ secret: z.string() });

/** Both on the server's core, with one Redis beside the load. */
export function withRestSides<T>(use: (sides: readonly RestSide[]) => Promise<T>): Promise<T> {
  const { server: core, load } = chooseCores();
  return withRedis(load, (redis) =>
    withGateway(redis.url, async ({ url, key: rootKey, pid }) => {
      const key = await makeKey(url, rootKey);
      const at = { core, redisPid: redis.pid };
      const ours = await restSide({ name: 'Sallyport', url, pid, ...at }, key);
      const environment = { NODE_ENV: 'production', BENCH_REDIS_URL: redis.url, BENCH_API_KEY: key };
      const peer = new ServerProcess('Fastify peer', PEER, { core, environment });
      return withServer(peer, async (listening) =>
        use([ours, await restSide({ name: 'Fastify', url: listening.url, pid: peer.pid, ...at }, key)]),
      );
    }),
  );
}

/** A key that is looked up, as backends have; the root key is not. */
async function makeKey(url: string, rootKey: string): Promise<string> {
  const response = await fetch(`${url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', scopes: ['relays'], project_id: 'default' }),
  });
  return madeKey.parse(await response.json()).secret;
}

async function restSide(at: StormTarget & { readonly name: string }, key: string): Promise<RestSide> {
  const { url } = at;
  const { host } = new URL(url);
  const head = `HTTP/1.1\r\nHost: ${host}\r\nAuthorization: token ${key}\r\n`;
  const bodyOf = (n: number): string =>
    JSON.stringify({ users: [{ ip: addressOf(n) }, { ip: addressOf(n + 1) }], expires_in_s: EXPIRES_IN_S });
  const ids = await inTurns(SESSIONS, async (n) => idOf(url, key, bodyOf(n)));
  return {
    ...at,
    get: (n) => `GET ${PATH}/${ids[n % SESSIONS] ?? ''} ${head}\r\n`,
    create: (n) => {
      const body = bodyOf(n);
      return `POST ${PATH} ${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    },
  };
}

/** Creates a session, and looks at it: both sides answer the same, or the comparison is none. */
async function idOf(url: string, key: string, body: string): Promise<string> {
  const headers = { authorization: `token ${key}`, 'content-type': 'application/json' };
  const made = createdSession.parse(await (await fetch(url + PATH, { method: 'POST', headers, body })).json());
  const got = createdSession.parse(await (await fetch(`${url}${PATH}/${made.session_id}`, { headers })).json());
  demand(JSON.stringify(got) === JSON.stringify(made), `${url} answers get and create differently`);
  demand(got.session_users.length === 2 && got.relay !== null, `${url} answers with another session`);
  return made.session_id;
}
