/**
 * Session tokens (RS256) over REST, beside RSA-2048 signatures alone by node:crypto on the same core in the same run: on
 * the main thread, and on the thread pool. The gateway signs on threads of its own, so that a signature delays no frame.
 * Its measure is the faster of the two: the most signatures that the core can make.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { reportRuns, Rounds, type ServerRun, type Side } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { withRedis, type Redis } from '../processes/foreign-server.js';
import { withGateway } from '../processes/gateway.js';
import { WorkerProcess } from '../processes/worker-process.js';
import type { Account } from '../report/account.js';
import { Backend } from '../rest/backend.js';
import { inTurns } from '../rest/seats.js';
import { strictStorm } from '../rest/storm.js';
import { rateFigures, type Effort, type Figure, type Ratio } from './ratio.js';
import { signed, type Signed, type SigningOrder } from './signing-order.js';

const SIGNER = fileURLToPath(new URL('./rsa-signer.js', import.meta.url));
const TARGET = 0.8;
const CALLERS = 100;
const CONNECTIONS = 32;
const WARM_UP_S = 1;
const GRACE_MS = 10_000;
const GATEWAY = 'POST .../tokens';
const FORM = 'application/x-www-form-urlencoded';

export const tokens: Ratio = {
  name: 'tokens',
  summary: 'RS256 session tokens over REST, to RSA-2048 signatures alone on the same core',
  async measure(account, effort) {
    const { load, server } = chooseCores();
    moveToCore(load);
    const signer = new WorkerProcess(SIGNER, signed, server);
    try {
      const inMemory = await onStore(account, effort, signer, null);
      const onRedis = await withRedis(load, (redis) => onStore(account, effort, signer, redis));
      return [...inMemory, ...onRedis];
    } finally {
      signer.kill();
    }
  },
};

function onStore(
  account: Account,
  effort: Effort,
  signer: WorkerProcess<Signed>,
  redis: Redis | null,
): Promise<readonly Figure[]> {
  return withGateway(redis?.url ?? null, async ({ url, key, pid }) => {
    const requests = await inTurns(CALLERS, () => tokenRequest(url, key));
    const { server: core } = chooseCores();
    const target = { url, pid, core, redisPid: redis?.pid ?? null };
    const request = (n: number): string => requests[n % CALLERS] ?? '';
    const call = (seconds: number): Promise<ServerRun> =>
      strictStorm(target, { connections: CONNECTIONS, until: { seconds }, request });
    const { seconds } = effort;
    await call(WARM_UP_S);
    const sides: readonly Side<ServerRun>[] = [
      { name: GATEWAY, run: () => call(seconds) },
      { name: 'sync', run: () => signing(signer, { how: 'sync', seconds, core }) },
      { name: 'async', run: () => signing(signer, { how: 'async', seconds, core }) },
    ];
    const rounds = await Rounds.of(account, effort, sides);
    return report(account, rounds, redis === null ? 'memory' : 'Redis');
  });
}

async function signing(signer: WorkerProcess<Signed>, order: SigningOrder): Promise<ServerRun> {
  signer.send(order);
  const { perS, busy, robbed } = await signer.next(order.seconds * 1000 + GRACE_MS);
  const none = { p50Ms: null, p99Ms: null, loadBusy: null, redisBusy: null };
  return { perS, cpuUs: (busy / perS) * 1e6, serverBusy: busy, robbed, ...none };
}

function report(account: Account, rounds: Rounds<ServerRun>, store: string): readonly Figure[] {
  const rows = [
    { name: GATEWAY, label: `${GATEWAY}, ${store}` },
    ...['sync', 'async'].map((name) => ({ name, label: `node:crypto, ${name}` })),
  ];
  reportRuns(account, rounds, 'signatures', rows);
  const costOf = (how: string): number => rounds.median(how, ({ cpuUs }) => cpuUs);
  const alone = costOf('sync') <= costOf('async') ? 'sync' : 'async';
  return rateFigures(rounds, GATEWAY, alone, TARGET, (per) => `tokens, ${store}: per ${per} to signatures alone`);
}

const madeUser = z.object({ id: z.string() });
const ticket = z.object({ token: z.string() });
const signedIn = z.object({ response: z.object({ created_session_id: z.string() }) });
const token = z.object({ jwt: z.string().regex(/^[^.]+\.[^.]+\.[^.]+$/) });

/** The request for a token of a new user who signed in on a client of their own. It was answered with a token before. */
async function tokenRequest(url: string, key: string): Promise<string> {
  const backend = new Backend(url, key);
  const post = (path: string, body: object): Promise<unknown> => backend.call({ method: 'POST', path, body });
  const user = madeUser.parse(await post('/v1/users', { username: randomBytes(8).toString('hex') }));
  const { token: text } = ticket.parse(await post('/v1/sign_in_tokens', { user_id: user.id }));
  const signIn = await fetch(`${url}/v1/client/sign_ins?_is_native=1`, {
    method: 'POST',
    headers: { 'content-type': FORM },
    body: new URLSearchParams({ strategy: 'ticket', ticket: text }).toString(),
  });
  const authorization = signIn.headers.get('authorization');
  demand(authorization !== null, `a sign-in was answered ${signIn.status}`);
  const sessionId = signedIn.parse(await signIn.json()).response.created_session_id;
  const path = `/v1/client/sessions/${sessionId}/tokens?_is_native=1`;
  const headers = { authorization, 'content-type': FORM };
  token.parse(await (await fetch(url + path, { method: 'POST', headers })).json());
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: ${authorization}\r\n` +
    `Content-Type: ${FORM}\r\nContent-Length: 0\r\n\r\n`
  );
}
