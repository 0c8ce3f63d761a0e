/**
 * Sends the deliveries of the partitions that this node owns. The dispatcher says which ones these are, and wakes the
 * sender when it has planned deliveries.
 */
import type { Clock } from '../ports/clock.js';
import type {
  DeliveryCounts,
  DeliveryOutcome,
  DeliveryQueue,
  DueDelivery,
  UnreadableDelivery,
} from '../ports/delivery-queue.js';
import type { FeedHold } from '../ports/event-feed.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';
import { Failure } from '../protocol/failure.js';
import type { EndpointId } from '../protocol/ids.js';
import { attempt, type AttemptDeps, type AttemptResult } from './attempt.js';
import { AttemptSlots, SLOT_LIMITS, type SlotLimits } from './attempt-slots.js';
import type { EndpointList } from './endpoint-list.js';
import { endpointKey } from './planner.js';
import { nextAttemptMs } from './schedule.js';
import { SentPartition } from './sent-partition.js';
import { TargetHealth } from './target-health.js';

export interface SenderDeps extends AttemptDeps {
  readonly queue: Pick<DeliveryQueue, 'due' | 'settle' | 'trim'>;
  readonly endpoints: Pick<EndpointList, 'find' | 'paused' | 'onChange'>;
  /** Pauses an endpoint that wants no more. */
  readonly pause: (id: EndpointId, reason: 'gone') => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Pick<Tallies, 'webhooksDelivered' | 'webhooksRetried' | 'webhooksDead' | 'webhooksOrphaned'>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly limits?: SlotLimits;
}

/** Deliveries read in one call. */
const PAGE = 32;
/** Notices a change of the endpoints, and what another node made due. */
const REFRESH_MS = 500;
const LOOK_AGAIN_MS = 5000;
const TRIM_MS = 60_000;
/** After a page whose targets found no place: the next page leaves them out. */
const CROWDED_MS = 20;
/** How long the attempts of a partition may go on after the node gave it up. */
const END_MS = 1500;
/** After the store did not answer. */
const STORE_RETRY_MS = 1000;

export class WebhookSender {
  readonly #deps: SenderDeps;
  readonly #slots: AttemptSlots;
  readonly #limits: SlotLimits;
  readonly #health: TargetHealth;
  readonly #partitions = new Map<number, SentPartition>();
  /** Partitions that found no free place, in their turn. */
  readonly #starved = new Set<SentPartition>();
  readonly #stopped = new AbortController();
  /** Partitions that the node gave up, until their attempts have ended. */
  readonly #ending = new Map<number, SentPartition>();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? SLOT_LIMITS;
    this.#slots = new AttemptSlots(this.#limits);
    this.#health = new TargetHealth(deps.log, deps.clock);
    deps.endpoints.onChange(() => {
      for (const partition of this.#partitions.keys()) this.wake(partition);
      // A store that does not answer is asked again at the next change; the sweep forgets them in any case.
      this.#forgetRemoved().catch(() => undefined);
    });
  }

  start(): void {
    this.#refresh();
  }

  /** The node owns this partition, or owns it anew. */
  own(hold: FeedHold): void {
    const before = this.#partitions.get(hold.partition);
    if (before?.hold.epoch === hold.epoch) return;
    const ending = this.#ending.get(hold.partition);
    this.#ending.delete(hold.partition);
    ending?.resume();
    const partition = before ?? ending ?? new SentPartition(hold, this.#deps.clock, () => this.#look(hold.partition));
    partition.hold = hold;
    this.#partitions.set(hold.partition, partition);
    this.wake(hold.partition);
  }

  /**
   * The node gives the partition up: nothing new of it is sent. Resolves when its attempts have ended, so that the next
   * owner does not send them at the same time. Those that take longer than `END_MS` are aborted. Never rejects.
   */
  async disown(number: number): Promise<void> {
    const partition = this.#partitions.get(number);
    if (partition === undefined) return;
    partition.stop();
    this.#starved.delete(partition);
    this.#partitions.delete(number);
    this.#ending.set(number, partition);
    const cut = this.#deps.clock.after(END_MS, () => {
      if (partition.isStopped) partition.abort();
    });
    if (this.#stopped.signal.aborted) partition.abort();
    await Promise.all(partition.running);
    cut.cancel();
    if (this.#ending.get(number) === partition) this.#ending.delete(number);
  }

  /** Deliveries may be due. A partition of another node is ignored. */
  wake(partition: number): void {
    this.#partitions.get(partition)?.wake();
  }

  /** Counts the deliveries of the partitions that this node owns. */
  counts(): DeliveryCounts & { readonly inFlight: number; readonly failingTargets: number } {
    const all = [...this.#partitions.values()].map(({ counts }) => counts);
    const oldest = all.flatMap(({ oldestAtMs }) => (oldestAtMs === null ? [] : [oldestAtMs]));
    return {
      waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
      oldestAtMs: oldest.length === 0 ? null : Math.min(...oldest),
      dead: all.reduce((sum, { dead }) => sum + dead, 0),
      inFlight: this.#slots.taken,
      failingTargets: this.#health.failing,
    };
  }

  /** Ends the attempts under way: the next owner sends them again. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const ending = [...this.#ending.values()];
    for (const partition of ending) partition.abort();
    const owned = [...this.#partitions.keys()].map((partition) => this.disown(partition));
    await Promise.all([...owned, ...ending.flatMap(({ running }) => [...running])]);
  }

  /** Sends what is due. Answers when to look again. */
  async #look(number: number): Promise<number> {
    const { queue, endpoints, clock, log } = this.#deps;
    const partition = this.#partitions.get(number);
    if (partition === undefined || this.#stopped.signal.aborted) return LOOK_AGAIN_MS;
    try {
      const nowMs = clock.nowMs();
      if (partition.isTrimDue(nowMs, TRIM_MS)) await queue.trim(partition.hold);
      const full = this.#slots.full();
      const resting = new Set([...(await endpoints.paused()).map(endpointKey), ...full]);
      const limit = Math.min(PAGE, this.#slots.free);
      if (limit === 0 || full.length > 0) this.#starved.add(partition);
      const { perTarget } = this.#limits;
      const page = await queue.due(partition.hold, nowMs, { limit, perTarget, inFlight: partition.inFlight, resting });
      if (page.outcome === 'not_owner') return LOOK_AGAIN_MS;
      partition.counts = page.counts;
      for (const each of page.unreadable) await this.#giveUp(partition, each);
      const started = page.deliveries.filter((delivery) => this.#start(partition, delivery)).length;
      if (page.unreadable.length > 0) return 0;
      if (limit > 0 && page.deliveries.length === limit) return started > 0 ? 0 : CROWDED_MS;
      return Math.min(LOOK_AGAIN_MS, (page.nextDueAtMs ?? Infinity) - clock.nowMs());
    } catch (error) {
      if (Failure.is(error, 'store_unavailable')) log.debug('webhooks_not_read', { partition: number });
      else log.error('webhooks_not_read', error, { partition: number });
      return STORE_RETRY_MS;
    }
  }

  /** Removes it: it would come first again, and nobody could read it among the dead letters either. */
  async #giveUp({ hold }: SentPartition, { id, error }: UnreadableDelivery): Promise<void> {
    const { queue, log, tallies } = this.#deps;
    log.error('webhook_unreadable', error, { partition: hold.partition, delivery_id: id });
    const change = await queue.settle(hold, id, { kind: 'done' });
    if (change.outcome === 'changed') tallies.webhooksDead += 1;
  }

  /** False: there is no place for it. */
  #start(partition: SentPartition, delivery: DueDelivery): boolean {
    if (this.#partitions.get(partition.hold.partition) !== partition) return false;
    if (!this.#slots.take(delivery.targetKey, delivery.owner)) {
      this.#starved.add(partition);
      return false;
    }
    partition.inFlight.add(delivery.id);
    const running = this.#run(partition, delivery).finally(() => {
      partition.inFlight.delete(delivery.id);
      partition.running.delete(running);
      partition.wake();
      this.#wakeStarved();
    });
    partition.running.add(running);
    return true;
  }

  /** Never rejects. */
  async #run(partition: SentPartition, delivery: DueDelivery): Promise<void> {
    const result = await attempt(delivery, this.#deps, partition.signal).catch((error: unknown): AttemptResult => {
      if (error instanceof Failure && error.code === 'store_unavailable') return { kind: 'withheld' };
      this.#deps.log.error('webhook_attempt_failed', error, { event_id: delivery.eventId });
      return { kind: 'failed', reason: 'internal error' };
    });
    this.#slots.release(delivery.targetKey, delivery.owner, answeredIn(result));
    const outcome = this.#outcomeOf(delivery, result);
    if (outcome === null) return;
    if (result.kind === 'gone') await this.#pause(delivery);
    await this.#settle(partition, delivery.id, outcome);
  }

  #outcomeOf({ attempts, target, targetKey }: DueDelivery, result: AttemptResult): DeliveryOutcome | null {
    const { tallies, clock, random } = this.#deps;
    switch (result.kind) {
      case 'withheld':
        return null;
      case 'orphaned':
        tallies.webhooksOrphaned += 1;
        return { kind: 'done' };
      case 'delivered':
        tallies.webhooksDelivered += 1;
        this.#health.delivered(targetKey, target);
        return { kind: 'done' };
      case 'gone':
      case 'failed': {
        const reason = result.kind === 'gone' ? 'status 410' : result.reason;
        const dueAtMs = result.kind === 'gone' ? null : nextAttemptMs(clock.nowMs(), attempts + 1, random());
        this.#health.failed(targetKey, target, reason, dueAtMs === null);
        if (dueAtMs !== null) {
          tallies.webhooksRetried += 1;
          return { kind: 'retry', attempts: attempts + 1, dueAtMs };
        }
        tallies.webhooksDead += 1;
        return { kind: 'dead', attempts: attempts + 1, reason };
      }
    }
  }

  async #pause({ target }: DueDelivery): Promise<void> {
    if (target.kind === 'session') return;
    const { pause, log } = this.#deps;
    try {
      await pause(target.endpointId, 'gone');
      log.warn('webhook_endpoint_paused', { endpoint_id: target.endpointId, reason: 'status 410' });
    } catch (error) {
      log.error('webhook_endpoint_not_paused', error, { endpoint_id: target.endpointId });
    }
  }

  /** Tries until the store answers: otherwise the delivery would be sent again at once. */
  async #settle(partition: SentPartition, id: string, outcome: DeliveryOutcome): Promise<void> {
    const { queue, clock } = this.#deps;
    const { signal } = this.#stopped;
    for (;;) {
      try {
        await queue.settle(partition.hold, id, outcome);
        return;
      } catch {
        if (signal.aborted || partition.isStopped) return;
        await pause(clock, STORE_RETRY_MS, signal);
      }
    }
  }

  /** One partition for one place that became free: it looks, and is starved again if the place does not suit it. */
  #wakeStarved(): void {
    const [first] = this.#starved;
    if (first === undefined) return;
    this.#starved.delete(first);
    first.wake();
  }

  async #forgetRemoved(): Promise<void> {
    for (const [key, endpointId] of this.#health.endpoints()) {
      if ((await this.#deps.endpoints.find(endpointId)) !== null) continue;
      this.#health.forget(key);
      this.#slots.forget(key);
    }
  }

  #refresh(): void {
    const { endpoints, clock } = this.#deps;
    if (this.#stopped.signal.aborted) return;
    for (const key of this.#health.sweep()) this.#slots.forget(key);
    const asking = this.#partitions.size === 0 ? Promise.resolve([]) : endpoints.paused();
    // The store's outage is logged where it begins; the next round asks again.
    const asked = asking.catch(() => []);
    const again = asked.then(() => clock.after(REFRESH_MS, () => this.#refresh()));
    again.catch(() => undefined);
  }
}

function answeredIn({ kind }: AttemptResult): boolean | null {
  if (kind === 'withheld' || kind === 'orphaned') return null;
  return kind !== 'failed';
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}
