import { describe, expect, test } from 'vitest';
import { createWebhookSigner } from '../../../src/adapters/standard-webhooks/signer.js';
import { WebhookSender, type SenderDeps } from '../../../src/events/sender.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import { Failure } from '../../../src/protocol/failure.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLog } from '../../support/silent-log.js';
import * as f from '../../contract/suites/fixtures.js';

const HOLD = { partition: 3, nodeId: f.HERE, epoch: 1 };
const CHANGED = { outcome: 'changed', evicted: 0, dropped: 0 } as const;

function start(due: SenderDeps['queue']['due']) {
  const settled: unknown[] = [];
  const [log, tallies] = [new RecordingLog(), emptyTallies()];
  const sender = new WebhookSender({
    queue: {
      due,
      settle: async (_hold, id, outcome) => {
        settled.push([id, outcome.kind]);
        return Promise.resolve(CHANGED);
      },
      trim: async () => Promise.resolve(CHANGED),
    },
    endpoints: {
      find: async () => Promise.resolve(null),
      paused: async () => Promise.resolve([]),
      onChange: () => undefined,
    },
    pause: async () => Promise.resolve(),
    outbound: { post: async () => Promise.reject(new Error('nothing is sent')) },
    signer: createWebhookSigner('s'.repeat(32)),
    clock: new ManualClock(),
    log,
    tallies,
    random: () => 0,
  });
  sender.own(HOLD);
  return { sender, log, tallies, settled };
}

describe('a look at what is due', () => {
  test('WH27 removes what nobody can read, counts it, and logs it as an error', async () => {
    const error = new Error('another form');
    let looks = 0;
    const { sender, log, tallies, settled } = start(async () => {
      looks += 1;
      const unreadable = looks === 1 ? [{ id: 'a', error }] : [];
      const counts = { waiting: 0, oldestAtMs: null, dead: 0 };
      return Promise.resolve({ outcome: 'due', deliveries: [], nextDueAtMs: null, counts, unreadable });
    });
    await expect.poll(() => looks).toBe(2);
    expect(settled).toEqual([['a', 'done']]);
    expect(tallies.webhooksDead).toBe(1);
    expect(log.events).toMatchObject([{ level: 'error', event: 'webhook_unreadable' }]);
    await sender.stop();
  });

  test('WH27 that fails is an error in the log, unless the store does not answer', async () => {
    const faulty = start(async () => Promise.reject(new Error('unexpected')));
    await expect.poll(() => faulty.log.events).toMatchObject([{ level: 'error', event: 'webhooks_not_read' }]);
    const silent = start(async () => Promise.reject(new Failure('store_unavailable')));
    await expect.poll(() => silent.log.events).toMatchObject([{ level: 'debug', event: 'webhooks_not_read' }]);
    await Promise.all([faulty.sender.stop(), silent.sender.stop()]);
  });
});
