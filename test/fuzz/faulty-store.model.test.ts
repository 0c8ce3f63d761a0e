/** The model of sessions over a real Redis whose connection stalls, is cut and loses replies at random moments. */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Store } from '../../src/ports/store.js';
import { parseSessionId } from '../../src/protocol/ids.js';
import { Backend } from '../support/backend.js';
import { ChaosProxy, seeded } from '../support/chaos-proxy.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';
import { untilReady } from '../support/stores.js';
import { sessionSteps } from './model/commands.js';
import { SessionModel } from './model/session-model.js';
import { SessionRun } from './model/session-run.js';

const LISTED = ['ann', 'ben', 'cleo'];
const OTHERS = ['dora', 'emil', 'finn'];
const MAX_USERS = 5;
const REPLAY_MAX_ENTRIES = 12;
/** Tests that run at the same time: most of a run is waiting. */
const LANES = Array.from({ length: Number(process.env['SALLYPORT_TEST_FAULTY_LANES'] ?? 6) }, (_, n) => n + 1);
const SEED = Number(process.env['SALLYPORT_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env['SALLYPORT_TEST_FAULTY_RUNS'] ?? 60);
const LIMIT_MS = 120_000 + 2_000 * RUNS;
/** A session that failed for this long has failed for good. */
const PATIENCE_MS = 20_000;

describe('a model of sessions over a store that fails', () => {
  const prefix = `faulty-${randomBytes(4).toString('hex')}`;
  const over = new AbortController();
  let redis: RedisServer;
  let proxy: ChaosProxy;
  let direct: Store;
  let running: RunningGateway;
  let chaos: Promise<void>;

  beforeAll(async () => {
    redis = await startRedisServer();
    proxy = await ChaosProxy.start(redis.port);
    direct = createRedisStore({ url: redis.url, keyPrefix: prefix, log: silentLog, onFailure: () => undefined });
    direct.start();
    await untilReady(direct);
    running = await startGateway({
      redisUrl: `redis://127.0.0.1:${String(proxy.port)}`,
      env: {
        SALLYPORT_REDIS_PREFIX: prefix,
        SALLYPORT_REPLAY_MAX_ENTRIES: String(REPLAY_MAX_ENTRIES),
        SALLYPORT_RESUME_WINDOW_MS: '600000',
      },
    });
    const records = new Redis(redis.url);
    chaos = breakThings(proxy, {
      random: seeded(SEED),
      signal: over.signal,
      lease: async () => (await records.hvals(`${prefix}:nodes`)).join(),
    }).finally(() => records.disconnect());
  });

  afterAll(async () => {
    over.abort();
    await chaos;
    await running.stop();
    await direct.stop();
    await proxy.stop();
    await redis.stop();
  });

  async function storedMembers(text: string): Promise<readonly number[]> {
    const id = parseSessionId(text);
    const found = id === null ? null : await direct.relay.get(id, 'all');
    return (found?.seats ?? []).flatMap(({ member }) => (member === null ? [] : [member.index]));
  }

  it.concurrent.each(LANES)(
    `MD2 no call takes effect twice, none that was refused takes effect, and no member is left behind, lane %i of ${String(LANES.length)}, seed ${String(SEED)}`,
    async (lane) => {
      const backend = new Backend(running.url);
      let steps = 0;
      const commands = fc.commands(sessionSteps({ asksOnSockets: false }), { maxCommands: 20, size: 'max' });
      const property = fc.asyncProperty(commands, async (some) => {
        const model = new SessionModel(LISTED, OTHERS, { maxUsers: MAX_USERS, replayMaxEntries: REPLAY_MAX_ENTRIES });
        const run = await SessionRun.open(backend, running.socketUrl, {
          listed: LISTED,
          maxUsers: MAX_USERS,
          patienceMs: PATIENCE_MS,
          isPatient: true,
          storedMembers,
          perceive: (entries) => entries,
        });
        try {
          await fc.asyncModelRun(() => ({ model, real: run }), some);
          await run.finish(model);
          steps += run.steps;
        } finally {
          await run.close();
        }
      });
      const numRuns = Math.ceil(RUNS / LANES.length);
      await fc.assert(property, { seed: SEED + lane, numRuns, endOnFailure: true });
      expect(steps).toBeGreaterThan(numRuns);
      expect(proxy.cuts).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});

interface Chaos {
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Differs whenever the node has renewed its lease. */
  readonly lease: () => Promise<string>;
}

/**
 * Faults short enough, and with a renewal of the lease in between, so that the node keeps it: what happens when it does
 * not is told by the rules of homes.
 */
async function breakThings(proxy: ChaosProxy, { random, signal, lease }: Chaos): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  while (!signal.aborted) {
    await pause(random() * 500);
    const kind = random();
    if (kind < 0.4) {
      proxy.cutsReply = () => random() < 0.3;
      await pause(60);
      proxy.cutsReply = () => false;
    } else if (kind < 0.7) proxy.cut();
    else {
      proxy.stall();
      await pause(50 + random() * 250);
      proxy.resume();
    }
    const before = await lease();
    await eventually(async () => ((await lease()) === before ? 'the lease is not renewed' : null), 10_000);
  }
}
