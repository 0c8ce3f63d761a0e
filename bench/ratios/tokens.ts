/**
 * Session tokens (RS256) over REST, beside RSA-2048 signatures alone by node:crypto on the same core in the same run:
 * on the main thread, and on the thread pool. The gateway signs on threads of its own, so that a signature holds up no
 * frame; what it is measured by is the faster of the two, the most signatures that the core can make.
 */
import { fileURLToPath } from 'node:url';
import type { Account } from '../report/account.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { leanStorm } from '../rest/lean-storm.js';
import { WorkerProcess } from '../processes/worker-process.js';
import { withRedis, type Redis } from '../processes/redis-process.js';
import { withGateway } from '../processes/gateway.js';
import type { Effort, Figure, Ratio } from './ratio.js';
import { reportRuns, Rounds, type ServerRun, type Side } from '../measure/rounds.js';
import { signed, type Signed, type SigningOrder } from './signing-order.js';
import { tokenRequests } from './token-callers.js';

const SIGNER = fileURLToPath(new URL('./rsa-signer.js', import.meta.url));
const TARGET = 0.8;
const CALLERS = 100;
const CONNECTIONS = 32;
const WARM_UP_S = 1;
const GRACE_MS = 10_000;
const GATEWAY = 'POST .../tokens';
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
    const requests = await tokenRequests(url, key, CALLERS);
    const { server: core } = chooseCores();
    const target = { url, pid, core, redisPid: redis?.pid ?? null };
    const call = (seconds: number): Promise<ServerRun> => {
      const request = (n: number): string => requests[n % CALLERS] ?? '';
      return leanStorm(target, { connections: CONNECTIONS, seconds, request });
    };
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
  const rate = rounds.ratio(GATEWAY, alone, ({ perS }) => perS);
  const cpu = rounds.ratio(alone, GATEWAY, ({ cpuUs }) => cpuUs);
  const common = { better: 'higher', target: TARGET, isDisturbed: rounds.isDisturbed } as const;
  return [
    { name: `tokens, ${store}: per s to signatures alone`, value: rate, ...common },
    { name: `tokens, ${store}: per CPU second to signatures alone`, value: cpu, ...common },
  ];
}
