import {
  DELIVERY_BOUNDS,
  type DeadLetter,
  type DeliveryBounds,
  type DeliveryOutcome,
  type DeliveryQueue,
  type DueDelivery,
  type DuePage,
  type NewDelivery,
  type NotOwner,
  type QueueChange,
  type UnreadableDelivery,
} from '../../ports/delivery-queue.js';
import type { FeedHold } from '../../ports/event-feed.js';
import { parseDeliveryRecord, writeDeliveryRecord } from './delivery-record.js';
import type { Keys } from './keys.js';
import type { Argument, RedisLink } from './link.js';
import { asInteger, asList, asText, unexpected } from './replies.js';
import type { Scripts } from './script.js';

const NOT_OWNER: NotOwner = { outcome: 'not_owner' };

export interface RedisDeliveryQueueOptions {
  readonly partitions: number;
  readonly bounds?: DeliveryBounds | undefined;
}

/** The deliveries of webhooks in Redis: the keys of a partition share its hash slot, and each transition is one script. */
export class RedisDeliveryQueue implements DeliveryQueue {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #partitions: number;
  readonly #bounds: readonly number[];

  constructor(link: RedisLink, keys: Keys, scripts: Scripts, options: RedisDeliveryQueueOptions) {
    const { waiting, waitingBytes, ageMs, dead, deadBytes, deadKeptMs } = options.bounds ?? DELIVERY_BOUNDS;
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#partitions = options.partitions;
    this.#bounds = [waiting, waitingBytes, ageMs, dead, deadBytes, deadKeptMs];
  }

  async plan(hold: FeedHold, upTo: string, deliveries: readonly NewDelivery[]): Promise<QueueChange | NotOwner> {
    const args = [...held(hold), upTo, ...this.#bounds, ...deliveries.flatMap(argumentsOf)];
    return decodeChange(await this.#run('deliveries.plan', 'deliveryPlan', hold.partition, args));
  }

  async due(hold: FeedHold, nowMs: number, query: Parameters<DeliveryQueue['due']>[2]): Promise<DuePage | NotOwner> {
    const { limit, perTarget, inFlight, resting } = query;
    const args = [...held(hold), nowMs, limit, perTarget, inFlight.size, ...inFlight, ...resting];
    return decodeDue(await this.#run('deliveries.due', 'deliveryDue', hold.partition, args));
  }

  async settle(hold: FeedHold, id: string, outcome: DeliveryOutcome): Promise<QueueChange | NotOwner> {
    const args = [...held(hold), ...this.#bounds, id, ...outcomeArguments(outcome)];
    return decodeChange(await this.#run('deliveries.settle', 'deliverySettle', hold.partition, args));
  }

  async trim(hold: FeedHold): Promise<QueueChange | NotOwner> {
    return decodeChange(
      await this.#run('deliveries.trim', 'deliveryTrim', hold.partition, [...held(hold), ...this.#bounds]),
    );
  }

  async deadLetters(query: Parameters<DeliveryQueue['deadLetters']>[0]): Promise<readonly DeadLetter[]> {
    const { scope, targetKey, before, limit } = query;
    const owner = scope === 'all' ? '' : scope;
    const args = [owner, targetKey ?? '', before?.diedAtMs ?? '', before?.id ?? '', limit];
    const pages = await Promise.all(
      Array.from({ length: this.#partitions }, async (_, partition) =>
        decodeDead(await this.#run('deliveries.dead', 'deliveryDead', partition, args), partition),
      ),
    );
    return pages.flat().sort(newestFirst).slice(0, limit);
  }

  async resend(key: Parameters<DeliveryQueue['resend']>[0], scope: Parameters<DeliveryQueue['resend']>[1]) {
    if (key.partition >= this.#partitions) return false;
    const args = [key.id, scope === 'all' ? '' : scope];
    return asInteger(await this.#run('deliveries.resend', 'deliveryResend', key.partition, args)) === 1;
  }

  #run(
    operation: string,
    script: 'deliveryPlan' | 'deliveryDue' | 'deliverySettle' | 'deliveryTrim' | 'deliveryDead' | 'deliveryResend',
    partition: number,
    args: readonly Argument[],
  ): Promise<unknown> {
    return this.#link.run(operation, this.#scripts[script], this.#keys.deliveries(partition), args);
  }
}

function held({ nodeId, epoch }: FeedHold): readonly Argument[] {
  return [nodeId, epoch];
}

function argumentsOf(delivery: NewDelivery): readonly Argument[] {
  const { id, targetKey, lane, owner, createdAtMs, body } = delivery;
  const bytes = Buffer.byteLength(body);
  return [id, targetKey, lane ?? '', owner, createdAtMs, bytes, writeDeliveryRecord(delivery), body];
}

function outcomeArguments(outcome: DeliveryOutcome): readonly Argument[] {
  if (outcome.kind === 'done') return [outcome.kind, 0, ''];
  return [outcome.kind, outcome.attempts, outcome.kind === 'dead' ? outcome.reason : outcome.dueAtMs];
}

function decodeChange(reply: unknown): QueueChange | NotOwner {
  const [outcome, evicted, dropped] = asList(reply);
  if (outcome === 'not_owner') return NOT_OWNER;
  if (outcome !== 'changed') throw unexpected('a change of the deliveries');
  return { outcome, evicted: asInteger(evicted), dropped: asInteger(dropped) };
}

function decodeDue(reply: unknown): DuePage | NotOwner {
  const [outcome, next, waiting, oldest, dead, found] = asList(reply);
  if (outcome === 'not_owner') return NOT_OWNER;
  if (outcome !== 'due') throw unexpected('due deliveries');
  const deliveries: DueDelivery[] = [];
  const unreadable: UnreadableDelivery[] = [];
  for (const [id, due, attempts, record, body] of inGroups(asList(found), 5)) {
    try {
      const parsed = parseDeliveryRecord(asText(id), asText(record));
      deliveries.push({
        ...parsed,
        body: asText(body),
        attempts: asInteger(attempts),
        dueAtMs: asInteger(due),
      });
    } catch (error) {
      unreadable.push({ id: asText(id), error });
    }
  }
  const counts = { waiting: asInteger(waiting), oldestAtMs: asIntegerOrNull(oldest), dead: asInteger(dead) };
  return { outcome, deliveries, nextDueAtMs: asIntegerOrNull(next), counts, unreadable };
}

function decodeDead(reply: unknown, partition: number): readonly DeadLetter[] {
  return inGroups(asList(reply), 5).map(([id, record, attempts, diedAt, reason]) => {
    const { eventId, eventType, owner, target, targetKey, createdAtMs } = parseDeliveryRecord(
      asText(id),
      asText(record),
    );
    return {
      id: asText(id),
      partition,
      eventId,
      eventType,
      owner,
      target,
      targetKey,
      createdAtMs,
      attempts: asInteger(attempts),
      diedAtMs: asInteger(diedAt),
      reason: asText(reason),
    };
  });
}

function inGroups(list: readonly unknown[], size: number): readonly (readonly unknown[])[] {
  return Array.from({ length: list.length / size }, (_, at) => list.slice(at * size, (at + 1) * size));
}

function asIntegerOrNull(reply: unknown): number | null {
  return reply === '' ? null : asInteger(reply);
}

function newestFirst(a: DeadLetter, b: DeadLetter): number {
  return b.diedAtMs - a.diedAtMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
