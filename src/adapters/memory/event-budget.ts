/** Bounds the memory of all events of this process together, however many logs they are in. */
import type { EventRecord } from '../../ports/event.js';
import { EVENT_KEPT_MS } from '../../ports/event-log.js';
import { Fifo } from './fifo.js';

interface Held {
  readonly event: EventRecord;
  readonly bytes: number;
}

/** About 650,000 events of members, or 60,000 of sessions with ten seats. */
const MAX_EVENT_BYTES = 256 * 1024 * 1024;
/** The bytes that an event, its places in the logs and each seat that it shows need; measured with Node 20. */
const EVENT_BYTES = 400;
const SEAT_BYTES = 300;
/** The JSON of a session without its addresses, metadata, filters and group, at most. */
const SESSION_CHARACTERS = 700;
const BYTES_PER_CHARACTER = 2;

export class EventBudget {
  /** In the order of writing. */
  readonly #held = new Fifo<Held>();
  readonly #remove: (event: EventRecord) => void;
  readonly #mostBytes: number;
  #bytes = 0;

  /** `remove`: removes the event from wherever it still is. It is older than every other event there. */
  constructor(remove: (event: EventRecord) => void, mostBytes = MAX_EVENT_BYTES) {
    this.#remove = remove;
    this.#mostBytes = mostBytes;
  }

  /** Counts a new event, and removes what is too old or too much. */
  add(event: EventRecord): void {
    const bytes = sizeOf(event);
    this.#held.push({ event, bytes });
    this.#bytes += bytes;
    const keptFromMs = event.createdAtMs - EVENT_KEPT_MS;
    for (let { first } = this.#held; first !== undefined; { first } = this.#held) {
      if (this.#bytes <= this.#mostBytes && first.event.createdAtMs > keptFromMs) return;
      this.#held.shift();
      this.#bytes -= first.bytes;
      this.#remove(first.event);
    }
  }
}

function sizeOf({ facts }: EventRecord): number {
  if (!('session' in facts) || !('seats' in facts.session)) return EVENT_BYTES;
  const { session, seats } = facts.session;
  const { metadata, filters, group } = session;
  const addresses = (session.webhookUrl?.length ?? 0) + (session.joinUrl?.length ?? 0);
  const characters = SESSION_CHARACTERS + addresses + lengthOf(metadata) + lengthOf(filters) + lengthOf(group);
  return EVENT_BYTES + characters * BYTES_PER_CHARACTER + seats.length * SEAT_BYTES;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return 0;
  return JSON.stringify(value).length;
}
