/**
 * The deliveries of webhooks that wait, and the ones that were given up. The queue has the partitions of the event feed.
 * The owner of a partition plans, sends and settles its deliveries; what a former owner asks for changes nothing.
 *
 * The deliveries of one lane make their first attempts one after the other, in the order of `plan`: the next one becomes
 * due when the first attempt of the one before has ended. After a first attempt, a delivery is alone on its schedule.
 *
 * The queue does not note which deliveries are being sent. A delivery stays due until `settle`, so the next owner sends
 * again what was in flight when its node died, in order.
 */
import type { EndpointId, ProjectId } from '../protocol/ids.js';
import type { EventType } from './event.js';
import type { FeedHold } from './event-feed.js';
import type { ProjectScope } from './relay-session.js';

/** The most deliveries of a partition that wait, and the most bytes of their bodies. The oldest are given up first. */
export const MAX_WAITING_DELIVERIES = 50_000;
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** How long a delivery waits, for a paused endpoint for instance, before it is given up. */
export const MAX_DELIVERY_AGE_MS = 7 * 24 * 3_600_000;
/** The most dead letters of a partition and the most bytes of their bodies. The oldest are removed first. */
export const MAX_DEAD_LETTERS = 10_000;
export const MAX_DEAD_BYTES = 64 * 1024 * 1024;
export const DEAD_LETTER_KEPT_MS = 7 * 24 * 3_600_000;

export interface DeliveryBounds {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly ageMs: number;
  readonly dead: number;
  readonly deadBytes: number;
  readonly deadKeptMs: number;
}

export const DELIVERY_BOUNDS: DeliveryBounds = {
  waiting: MAX_WAITING_DELIVERIES,
  waitingBytes: MAX_WAITING_BYTES,
  ageMs: MAX_DELIVERY_AGE_MS,
  dead: MAX_DEAD_LETTERS,
  deadBytes: MAX_DEAD_BYTES,
  deadKeptMs: DEAD_LETTER_KEPT_MS,
};

/** `session`: the address that a session names; the project's secret signs what goes there. */
export type DeliveryTarget =
  | { readonly kind: 'endpoint'; readonly endpointId: EndpointId }
  | { readonly kind: 'session'; readonly projectId: ProjectId; readonly url: string };

export interface NewDelivery {
  /** Unique for the event and the target: `[A-Za-z0-9._-]`, up to 128 characters. */
  readonly id: string;
  readonly eventId: string;
  readonly eventType: EventType;
  /** Whose delivery it is: this project sees it among its dead letters. `all`: only the root key sees it. */
  readonly owner: ProjectScope;
  readonly target: DeliveryTarget;
  /** The same for all deliveries to one target: `[A-Za-z0-9_-]`, up to 64 characters. */
  readonly targetKey: string;
  /** Keeps the order of first attempts to the target: `[A-Za-z0-9_-]`, up to 64 characters. null: no order. */
  readonly lane: string | null;
  /** Each attempt sends the same bytes. */
  readonly body: string;
  readonly createdAtMs: number;
}

export interface DueDelivery extends NewDelivery {
  /** How many attempts have ended. */
  readonly attempts: number;
  readonly dueAtMs: number;
}

export interface DueQuery {
  readonly limit: number;
  /** At most this many deliveries of one target, the ones in flight included. */
  readonly perTarget: number;
  /** Ids that the owner is sending: the answer leaves them out. */
  readonly inFlight: ReadonlySet<string>;
  /** Keys of targets that get nothing now: the answer leaves their deliveries out. */
  readonly resting: ReadonlySet<string>;
}

export interface DuePage {
  readonly outcome: 'due';
  /** A target's deliveries are in the order in which they became due. */
  readonly deliveries: readonly DueDelivery[];
  /** When the next one of a target that does not rest becomes due; null: none is on a schedule. */
  readonly nextDueAtMs: number | null;
  readonly counts: DeliveryCounts;
  /** Due deliveries whose stored form nobody can read, as another version may have written it. */
  readonly unreadable: readonly UnreadableDelivery[];
}

export interface UnreadableDelivery {
  readonly id: string;
  /** Says what is wrong with the stored form. */
  readonly error: unknown;
}

export interface DeliveryCounts {
  readonly waiting: number;
  /** When the oldest waiting delivery was planned. */
  readonly oldestAtMs: number | null;
  readonly dead: number;
}

/** `done`: it arrived, or its endpoint is gone. `dead`: it becomes a dead letter. `reason`: up to 200 characters. */
export type DeliveryOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly attempts: number; readonly dueAtMs: number }
  | { readonly kind: 'dead'; readonly attempts: number; readonly reason: string };

/** The bounds took these: `evicted` deliveries became dead letters, and `dropped` dead letters are gone. */
export interface QueueChange {
  readonly outcome: 'changed';
  readonly evicted: number;
  readonly dropped: number;
}

/** The node does not own the partition any more; nothing changed. */
export interface NotOwner {
  readonly outcome: 'not_owner';
}

export interface DeadLetter extends Omit<NewDelivery, 'body' | 'lane'> {
  readonly partition: number;
  readonly attempts: number;
  readonly diedAtMs: number;
  readonly reason: string;
}

/** Names a dead letter. */
export interface DeadLetterKey {
  readonly partition: number;
  readonly id: string;
}

export interface DeadLetterQuery {
  /** `all`: of every owner. */
  readonly scope: ProjectScope;
  /** Only the ones of this target; null: of all. */
  readonly targetKey: string | null;
  /** Only older ones than this one; null: from the newest. */
  readonly before: Pick<DeadLetter, 'diedAtMs' | 'id'> | null;
  readonly limit: number;
}

export interface DeliveryQueue {
  /** Stores the deliveries and removes the entries of the feed up to this position, in one step. */
  plan(hold: FeedHold, upTo: string, deliveries: readonly NewDelivery[]): Promise<QueueChange | NotOwner>;
  /** Reads the deliveries that are due now. Changes nothing, so that a repeat has the same answer. */
  due(hold: FeedHold, nowMs: number, query: DueQuery): Promise<DuePage | NotOwner>;
  /**
   * Notes the end of an attempt. A delivery that is not there any more stays away; one that the bounds gave up meanwhile
   * is no dead letter after `done`.
   */
  settle(hold: FeedHold, id: string, outcome: DeliveryOutcome): Promise<QueueChange | NotOwner>;
  /** Gives up deliveries that are too old, and removes dead letters that are. */
  trim(hold: FeedHold): Promise<QueueChange | NotOwner>;
  /** Dead letters of all partitions, the newest first. */
  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /** Makes a dead letter due at once, with its whole schedule ahead. Any node may ask. False: the scope has none such. */
  resend(key: DeadLetterKey, scope: ProjectScope): Promise<boolean>;
}
