/**
 * `bench:builds`: what creates and joins cost with this build, to another build of the gateway, on each store. The CPU
 * time is that of the gateway and of Redis together, so that work which moved from one to the other counts.
 */
import { resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import * as option from '../cli/options.js';
import { brokenOf, defineScenario } from '../cli/scenario.js';
import { reportRuns, Rounds, type ServerRun } from '../measure/rounds.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { withRedis } from '../processes/foreign-server.js';
import { GatewayProcess, UNLIMITED } from '../processes/gateway.js';
import { withServer } from '../processes/server-process.js';
import { Backend, calls } from '../rest/backend.js';
import { addressOf, openSessions, type Crowd } from '../rest/seats.js';
import { strictStorm } from '../rest/storm.js';
import { arrive, type Side } from './connect.js';

const ROOMS_OF = 8;
const CREATES_AT_ONCE = 32;
const US_PER_S = 1e6;

export const builds = defineScenario({
  name: 'builds',
  summary: 'the CPU of creates and joins with this build, to another build',
  options: z.object({
    other: z.string().describe("the other build's compiled main file (dist/src/main.js)"),
    clients: option.clients(3_200, 15_000).describe('number of clients that join in a run'),
    seconds: option.above0().describe('how long creates are measured in a run, in seconds').default(3),
    repeat: option.whole(1, 1_000).describe('number of rounds').default(5),
    attempts: option.whole(1, 100).describe('most tries of a run while other processes take its cores').default(2),
    'max-ratio': option.above0().describe('the most that this build may cost, as a ratio to the other').default(1.15),
    ...option.quickOption,
  }),
  quick: { clients: 800, seconds: 1, repeat: 1, attempts: 1 },
  async run({ other, clients, seconds, repeat: rounds, attempts, ...given }, { account }) {
    moveToCore(chooseCores().load);
    const crowd = { clients, roomsOf: ROOMS_OF };
    const ratios: Record<string, number> = {};
    let isDisturbed = false;
    await withRedis(chooseCores().load, async (redis) => {
      for (const store of ['memory', 'redis'] as const) {
        const on = store === 'redis' ? redis : null;
        await withBuild('other', resolve(other), on?.url ?? null, (before) =>
          withBuild('this', null, on?.url ?? null, async (after) => {
            const redisPid = on?.pid ?? null;
            for (const what of ['creates', 'joins'] as const) {
              const sides = [before, after].map((build) => ({
                name: build.name,
                run: () => (what === 'joins' ? arrive(build, redisPid, crowd) : create(build, redisPid, seconds)),
              }));
              const all = await Rounds.of(account, { rounds, attempts }, sides);
              reportRuns(account, all, `${what}, ${store}`, sides);
              ratios[`${what}, ${store}`] = all.ratio(after.name, before.name, costOf);
              isDisturbed ||= all.isDisturbed;
            }
          }),
        );
      }
    });
    account.rows(Object.entries(ratios), {
      'this build to the other': ([name]) => name,
      'CPU, Redis included': ([, ratio]) => ratio.toFixed(3),
    });
    const most = given['max-ratio'];
    const broken = Object.entries(ratios).map(
      ([name, ratio]) =>
        [isDisturbed || ratio <= most, `${name} cost ${ratio.toFixed(3)} x the other build, over ${most}`] as const,
    );
    return { figures: { ratios, isDisturbed }, plots: [], broken: brokenOf(broken) };
  },
});

interface Build extends Side {
  readonly url: string;
  readonly backend: Backend;
}

/** `main` null: this build. */
function withBuild<T>(
  name: string,
  main: string | null,
  redisUrl: string | null,
  use: (build: Build) => Promise<T>,
): Promise<T> {
  const store = {
    SALLYPORT_REDIS_URL: redisUrl ?? '',
    SALLYPORT_REDIS_PREFIX: `sallyport-bench-${randomBytes(6).toString('hex')}:`,
    SALLYPORT_SECRET: randomBytes(24).toString('hex'),
  };
  const environment = { ...UNLIMITED, ...(redisUrl === null ? {} : store) };
  const gateway = new GatewayProcess({ core: chooseCores().server, environment }, undefined, main ?? undefined);
  return withServer(gateway, ({ url }) => {
    const backend = new Backend(url, gateway.key);
    const open = (crowd: Crowd) => openSessions(backend, crowd);
    return use({ name, url, backend, pid: gateway.pid, wire: 'sallyport', open });
  });
}

/** Creates sessions of one user, which end with the run's gateway. */
function create({ url, pid, backend }: Build, redisPid: number | null, seconds: number): Promise<ServerRun> {
  return strictStorm(
    { url, pid, redisPid, core: chooseCores().server },
    {
      connections: CREATES_AT_ONCE,
      until: { seconds },
      request: () => backend.request(calls.create([addressOf(0)], { expires_in_s: 60 })),
    },
  );
}

/** CPU time of an operation in us, Redis included. */
function costOf({ cpuUs, redisBusy, perS }: ServerRun): number {
  return cpuUs + ((redisBusy ?? 0) / perS) * US_PER_S;
}
