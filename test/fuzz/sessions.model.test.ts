import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/protocol/batch-frame.js';
import { Backend } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { sessionSteps } from './model/commands.js';
import { SessionModel } from './model/session-model.js';
import { SessionRun, type SessionRunOptions } from './model/session-run.js';

const LISTED = ['ann', 'ben', 'cleo'];
const OTHERS = ['dora', 'emil', 'finn'];
const MAX_USERS = 5;
/** Few enough that runs meet gaps. */
const REPLAY_MAX_ENTRIES = 12;
const MAX_STEPS = 40;
/** Tests that run at the same time: most of a run is waiting. */
const LANES = [1, 2, 3, 4, 5];
/** On average they are several times as long: a lane with less is blind. */
const MIN_STEPS_A_RUN = 2;

const SEED = numberFrom('SALLYPORT_TEST_SEED') ?? Math.floor(Math.random() * 2 ** 31);
const RUNS = { memory: numberFrom('SALLYPORT_TEST_MODEL_RUNS') ?? 500, redis: 60 };
/** Many times what it takes; a failure that shrinks for longer is reported as far as it got. */
const LIMIT_MS = 60_000 + 200 * RUNS.memory;

describe.each(STORES)('a model of sessions on $store', ({ store, redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({
      redisUrl: redisUrl(),
      env: {
        SALLYPORT_REPLAY_MAX_ENTRIES: String(REPLAY_MAX_ENTRIES),
        SALLYPORT_RESUME_WINDOW_MS: '600000',
        SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
      },
    });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  function property(
    onSteps: (count: number) => void,
    options: Partial<SessionRunOptions> = {},
  ): fc.IAsyncProperty<[Iterable<fc.AsyncCommand<SessionModel, SessionRun>>]> {
    const steps = fc.commands(sessionSteps(), { maxCommands: MAX_STEPS, size: 'max' });
    return fc.asyncProperty(steps, async (commands) => {
      const model = new SessionModel(LISTED, OTHERS, { maxUsers: MAX_USERS, replayMaxEntries: REPLAY_MAX_ENTRIES });
      const perceive = (entries: readonly Entry[]): readonly Entry[] => entries;
      const run = await SessionRun.open(backend, running.socketUrl, {
        listed: LISTED,
        maxUsers: MAX_USERS,
        patienceMs: 5_000,
        perceive,
        isPatient: false,
        storedMembers: null,
        ...options,
      });
      try {
        await fc.asyncModelRun(() => ({ model, real: run }), commands);
        await run.finish(model);
        onSteps(run.steps);
      } finally {
        await run.close();
      }
    });
  }

  it.concurrent.each(LANES)(
    `MD1 the gateway does what the model says, lane %i of ${String(LANES.length)}, seed ${String(SEED)}`,
    async (lane) => {
      const runs = Math.ceil(RUNS[store] / LANES.length);
      let steps = 0;
      await fc.assert(
        property((count) => (steps += count)),
        { seed: SEED + lane, numRuns: runs, interruptAfterTimeLimit: LIMIT_MS - 10_000, markInterruptAsFailure: true },
      );
      expect(steps).toBeGreaterThanOrEqual(runs * MIN_STEPS_A_RUN);
    },
    LIMIT_MS,
  );

  it.each([
    ['loses an entry', (entries: readonly Entry[]) => entries.filter((_, n) => n !== 1)],
    ['gets an entry twice', (entries: readonly Entry[]) => [...entries, ...entries.slice(1, 2)]],
    ['gets two entries in the wrong order', (entries: readonly Entry[]) => entries.toReversed()],
  ])('MD1 the control: a client that %s does not agree with the model', async (_name, perceive) => {
    const found = await fc.check(
      property(() => undefined, { perceive, patienceMs: 100 }),
      { seed: SEED, numRuns: 50, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
    expect(found.counterexample).not.toBeNull();
  });
});

function numberFrom(name: string): number | null {
  const text = process.env[name];
  return text === undefined || text === '' ? null : Number(text);
}
