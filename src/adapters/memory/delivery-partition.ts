/** The deliveries of one partition: those that wait, by target and lane, and the dead letters. */
import type {
  DeadLetter,
  DeliveryBounds,
  DeliveryOutcome,
  DueDelivery,
  DuePage,
  DueQuery,
  NewDelivery,
  QueueChange,
} from '../../ports/delivery-queue.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import { SortedList } from './sorted-list.js';

interface Waiting {
  readonly delivery: NewDelivery;
  /** In the order of `plan`, over the whole partition. */
  readonly order: number;
  /** Since when it waits: since its event, or since somebody sent it again. */
  readonly sinceMs: number;
  attempts: number;
  dueAtMs: number;
  /** The lane that it still holds or waits for. */
  lane: string | null;
}

interface Dead {
  readonly delivery: NewDelivery;
  readonly letter: DeadLetter;
}

/** The deliveries of one target that are ready. */
interface Line {
  readonly key: string;
  readonly list: SortedList<Waiting>;
  /** When the first one is due. */
  dueAtMs: number;
}

const byFirstDue = (a: Line, b: Line): number => a.dueAtMs - b.dueAtMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const byDue = (a: Waiting, b: Waiting): number => a.dueAtMs - b.dueAtMs || a.order - b.order;

export class DeliveryPartition {
  readonly #partition: number;
  readonly #bounds: DeliveryBounds;
  /** In the order of `plan`, because a Map keeps the order of insertion. */
  readonly #waiting = new Map<string, Waiting>();
  /** Deliveries with no earlier one of their lane before them, by target. */
  readonly #ready = new Map<string, Line>();
  readonly #targets = new SortedList(byFirstDue);
  readonly #lanes = new Map<string, Waiting[]>();
  /** Oldest first. */
  readonly #dead = new Map<string, Dead>();
  #waitingBytes = 0;
  #deadBytes = 0;
  #planned = 0;
  #evicted = 0;
  #dropped = 0;

  constructor(partition: number, bounds: DeliveryBounds) {
    this.#partition = partition;
    this.#bounds = bounds;
  }

  plan(nowMs: number, deliveries: readonly NewDelivery[]): QueueChange {
    for (const delivery of deliveries) this.#add(delivery, delivery.lane, delivery.createdAtMs, nowMs);
    this.#keepBounds(nowMs);
    return this.#change();
  }

  due(nowMs: number, { limit, perTarget, inFlight, resting }: DueQuery): DuePage {
    const deliveries: DueDelivery[] = [];
    let nextDueAtMs: number | null = null;
    // Only a resting target, or one whose deliveries are in flight, can lack a delivery to send.
    for (const { key, list, dueAtMs: firstMs } of this.#targets.head(resting.size + inFlight.size + limit + 1)) {
      if (resting.has(key)) continue;
      if (firstMs > nowMs) {
        nextDueAtMs = Math.min(nextDueAtMs ?? firstMs, firstMs);
        break;
      }
      for (const { delivery, attempts, dueAtMs } of list.head(perTarget)) {
        if (dueAtMs > nowMs) {
          nextDueAtMs = Math.min(nextDueAtMs ?? dueAtMs, dueAtMs);
          break;
        }
        const isWanted = deliveries.length < limit && !inFlight.has(delivery.id);
        if (isWanted) deliveries.push({ ...delivery, attempts, dueAtMs });
      }
    }
    const [oldest] = this.#waiting.values();
    const counts = {
      waiting: this.#waiting.size,
      oldestAtMs: oldest?.sinceMs ?? null,
      dead: this.#dead.size,
    };
    return { outcome: 'due', deliveries, nextDueAtMs, counts, unreadable: [] };
  }

  settle(nowMs: number, id: string, outcome: DeliveryOutcome): QueueChange {
    const entry = this.#waiting.get(id);
    if (entry === undefined) {
      const dead = this.#dead.get(id);
      // The bounds gave it up while it was under way.
      if (dead !== undefined && outcome.kind === 'done') this.#bury(id, dead);
      return this.#change();
    }
    if (outcome.kind === 'done') this.#remove(entry, nowMs);
    else if (outcome.kind === 'dead') this.#kill(entry, nowMs, outcome.attempts, outcome.reason);
    else this.#retry(entry, nowMs, outcome.attempts, outcome.dueAtMs);
    this.#keepBounds(nowMs);
    return this.#change();
  }

  trim(nowMs: number): QueueChange {
    this.#keepBounds(nowMs);
    return this.#change();
  }

  deadLetters(scope: ProjectScope, targetKey: string | null): readonly DeadLetter[] {
    return [...this.#dead.values()]
      .map(({ letter }) => letter)
      .filter(({ owner }) => scope === 'all' || owner === scope)
      .filter((letter) => targetKey === null || letter.targetKey === targetKey);
  }

  resend(nowMs: number, id: string, scope: ProjectScope): boolean {
    const dead = this.#dead.get(id);
    if (dead === undefined || (scope !== 'all' && dead.letter.owner !== scope)) return false;
    this.#bury(id, dead);
    this.#add(dead.delivery, null, nowMs, nowMs);
    return true;
  }

  #add(delivery: NewDelivery, laneOfTarget: string | null, sinceMs: number, nowMs: number): void {
    if (this.#waiting.has(delivery.id) || this.#dead.has(delivery.id)) return;
    const lane = laneOfTarget === null ? null : `${delivery.targetKey} ${laneOfTarget}`;
    this.#planned += 1;
    const entry: Waiting = { delivery, order: this.#planned, sinceMs, attempts: 0, dueAtMs: nowMs, lane };
    this.#waiting.set(delivery.id, entry);
    this.#waitingBytes += delivery.body.length;
    const line = lane === null ? [] : (this.#lanes.get(lane) ?? []);
    line.push(entry);
    if (lane !== null) this.#lanes.set(lane, line);
    if (line[0] === entry) this.#makeReady(entry);
  }

  #retry(entry: Waiting, nowMs: number, attempts: number, dueAtMs: number): void {
    this.#takeOut(entry);
    this.#leaveLane(entry, nowMs);
    entry.attempts = attempts;
    entry.dueAtMs = dueAtMs;
    this.#makeReady(entry);
  }

  #kill(entry: Waiting, nowMs: number, attempts: number, reason: string): void {
    this.#remove(entry, nowMs);
    const { delivery } = entry;
    const { id, eventId, eventType, owner, target, targetKey, createdAtMs } = delivery;
    const names = { id, eventId, eventType, owner, target, targetKey, createdAtMs };
    const letter = { ...names, partition: this.#partition, attempts, diedAtMs: nowMs, reason };
    this.#dead.set(id, { delivery, letter });
    this.#deadBytes += delivery.body.length;
  }

  #remove(entry: Waiting, nowMs: number): void {
    this.#takeOut(entry);
    this.#waiting.delete(entry.delivery.id);
    this.#waitingBytes -= entry.delivery.body.length;
    this.#leaveLane(entry, nowMs);
  }

  #bury(id: string, { delivery }: Dead): void {
    this.#dead.delete(id);
    this.#deadBytes -= delivery.body.length;
  }

  #makeReady(entry: Waiting): void {
    const { targetKey } = entry.delivery;
    const line = this.#ready.get(targetKey) ?? { key: targetKey, list: new SortedList(byDue), dueAtMs: Infinity };
    this.#ready.set(targetKey, line);
    line.list.add(entry);
    this.#noteFirst(line);
  }

  #takeOut(entry: Waiting): void {
    const { targetKey } = entry.delivery;
    const line = this.#ready.get(targetKey);
    if (line === undefined) return;
    line.list.remove(entry);
    this.#noteFirst(line);
  }

  #noteFirst(line: Line): void {
    const first = line.list.first();
    if (first?.dueAtMs === line.dueAtMs) return;
    this.#targets.remove(line);
    line.dueAtMs = first?.dueAtMs ?? Infinity;
    if (first === undefined) this.#ready.delete(line.key);
    else this.#targets.add(line);
  }

  /** Lets the next one of the lane follow. */
  #leaveLane(entry: Waiting, nowMs: number): void {
    const { lane } = entry;
    entry.lane = null;
    const line = lane === null ? undefined : this.#lanes.get(lane);
    if (lane === null || line === undefined) return;
    const wasFirst = line[0] === entry;
    line.splice(line.indexOf(entry), 1);
    const [next] = line;
    if (next === undefined) this.#lanes.delete(lane);
    if (next === undefined || !wasFirst) return;
    next.dueAtMs = nowMs;
    this.#makeReady(next);
  }

  #keepBounds(nowMs: number): void {
    const { waiting, waitingBytes, ageMs, dead, deadBytes, deadKeptMs } = this.#bounds;
    for (const entry of this.#waiting.values()) {
      const isOver = this.#waiting.size > waiting || this.#waitingBytes > waitingBytes;
      if (!isOver && entry.sinceMs > nowMs - ageMs) break;
      this.#kill(entry, nowMs, entry.attempts, isOver ? 'the queue was full' : 'it waited for too long');
      this.#evicted += 1;
    }
    for (const [id, each] of this.#dead) {
      const isOver = this.#dead.size > dead || this.#deadBytes > deadBytes;
      if (!isOver && each.letter.diedAtMs > nowMs - deadKeptMs) break;
      this.#bury(id, each);
      this.#dropped += 1;
    }
  }

  /** Counts since the last change. */
  #change(): QueueChange {
    const change = { outcome: 'changed', evicted: this.#evicted, dropped: this.#dropped } as const;
    this.#evicted = 0;
    this.#dropped = 0;
    return change;
  }
}
