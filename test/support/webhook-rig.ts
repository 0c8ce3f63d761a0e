/** The sender over the memory store and real HTTP, on a manual clock. */
import { createOutbound } from '../../src/adapters/outbound/outbound.js';
import { createWebhookSigner } from '../../src/adapters/standard-webhooks/signer.js';
import { createSealer } from '../../src/adapters/system/sealer.js';
import { systemCrypto } from '../../src/adapters/system/crypto.js';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.js';
import { countLosses } from '../../src/events/counted-queue.js';
import { EndpointList } from '../../src/events/endpoint-list.js';
import { Endpoints } from '../../src/events/endpoints.js';
import { createPlanner } from '../../src/events/planner.js';
import { WebhookSender } from '../../src/events/sender.js';
import type { SlotLimits } from '../../src/events/attempt-slots.js';
import type { DeliveryBounds } from '../../src/ports/delivery-queue.js';
import type { EventRecord } from '../../src/ports/event.js';
import type { FeedHold } from '../../src/ports/event-feed.js';
import { emptyTallies } from '../../src/ports/metrics.js';
import { parseSessionId } from '../../src/protocol/ids.js';
import * as f from '../contract/suites/fixtures.js';
import { eventually } from './eventually.js';
import { ManualClock } from './manual-clock.js';
import { RecordingLog } from './silent-log.js';

export interface RigOptions {
  readonly limits?: SlotLimits;
  readonly deliveryBounds?: DeliveryBounds;
}

export type WebhookRig = Awaited<ReturnType<typeof startWebhookRig>>;

const LEASE_MS = 1e12;

export async function startWebhookRig({ limits, deliveryBounds }: RigOptions = {}) {
  const clock = new ManualClock(Date.now());
  const store = createMemoryStore({ clock, ...(deliveryBounds === undefined ? {} : { deliveryBounds }) });
  const [crypto, sealer] = [systemCrypto(), createSealer('s'.repeat(32))];
  const signer = createWebhookSigner('s'.repeat(32));
  const outbound = createOutbound({ isDevelopment: true, isAllowed: () => false });
  const tallies = emptyTallies();
  const log = new RecordingLog();
  const queue = countLosses({ queue: store.deliveries, log, tallies });
  const list = new EndpointList({ store: store.endpoints, sealer, clock });
  const endpoints = new Endpoints({ store: store.endpoints, list, signer, outbound, sealer, clock, crypto });
  const planner = createPlanner({
    endpoints: list,
    crypto,
    sessionBody: ({ type, session }) => JSON.stringify({ type, session_id: session.session.id }),
  });
  const newSender = (): WebhookSender =>
    new WebhookSender({
      queue,
      endpoints: list,
      pause: (id, reason) => endpoints.pause(id, reason),
      outbound,
      signer,
      clock,
      log,
      tallies,
      random: Math.random,
      ...(limits === undefined ? {} : { limits }),
    });
  let sender = newSender();
  let hold: FeedHold = f.sure(await store.feed.claim(0, f.HERE, LEASE_MS));
  sender.start();
  sender.own(hold);
  let written = 0;
  const sequences = new Map<string, number>();

  const idle = async (): Promise<void> => {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (let turns = 0; turns < 4; turns += 1) await turn();
    await eventually(() => (sender.counts().inFlight === 0 ? null : 'attempts are under way'));
    for (let turns = 0; turns < 4; turns += 1) await turn();
  };
  return {
    clock,
    store,
    signer,
    endpoints,
    queue,
    tallies,
    log,
    idle,
    get sender() {
      return sender;
    },
    /** An event of a session that nothing but its number tells from others. */
    event(session = 'a', change: Partial<EventRecord> = {}): EventRecord {
      written += 1;
      const sequence = (sequences.get(session) ?? 0) + 1;
      sequences.set(session, sequence);
      const sessionId = f.sure(parseSessionId(`${session.repeat(12)}-S`));
      const facts = { type: 'user.revoked', userId: f.userId(`u${String(sequence)}`) } as const;
      const id = `evt_${String(written).padStart(6, '0')}`;
      return { id, sequence, createdAtMs: clock.nowMs(), projectId: f.ACME, sessionId, facts, ...change };
    },
    async plan(...events: readonly EventRecord[]) {
      const change = await queue.plan(hold, '0', await planner.plan(events));
      sender.wake(0);
      return change;
    },
    /** Moves the virtual time on in steps, so that what falls due is sent at its time. */
    async pass(ms: number, stepMs: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(stepMs);
        await idle();
      }
    },
    /** The node dies in the middle of its attempts, and another one takes the partition. */
    async failOver(): Promise<void> {
      await sender.stop();
      await store.feed.release(hold);
      hold = f.sure(await store.feed.claim(0, f.ELSEWHERE, LEASE_MS));
      sender = newSender();
      sender.start();
      sender.own(hold);
    },
    /** The node takes the partition that it gave up. */
    async ownAgain(): Promise<void> {
      await store.feed.release(hold);
      hold = f.sure(await store.feed.claim(0, f.HERE, LEASE_MS));
      sender.own(hold);
    },
    stop: () => sender.stop(),
  };
}
