/**
 * What waits for one slow receiver, by the rules of the delivery classes: volatile entries are not kept, of latest ones
 * only the newest per sender and key, reliable ones and control frames all. Bounded by its owner, who asks for `bytes`.
 */
import { entryLength, writeEntry } from '../protocol/batch-frame.js';
import { CLASS, OP_BATCH, type DeliveryClass } from '../protocol/wire.js';

/** One message for members: what `Room.append` made of it. */
export interface OutEntry {
  readonly sender: number;
  readonly deliveryClass: DeliveryClass;
  readonly targeted: boolean;
  /** The key of class latest, the number of class reliable. */
  readonly keyOrSeq: number;
  /** Not a view on bytes that will be reused. */
  readonly payload: Uint8Array;
}

type Waiting =
  | { readonly kind: 'entry'; readonly entry: OutEntry; readonly bytes: number }
  /** A control frame as text, or a batch that was encoded before. */
  | { readonly kind: 'frame'; readonly frame: string | Uint8Array; readonly bytes: number };

export class Backlog {
  /** In order of delivery. Entries of class latest are found again by name, the others have a number. */
  private readonly waiting = new Map<string | number, Waiting>();
  private held = 0;
  private next = 0;

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** What is kept, in bytes as they would go out. */
  get bytes(): number {
    return this.held;
  }

  /** A volatile entry is not kept; one of class latest replaces its predecessor. */
  offer(entry: OutEntry): 'kept' | 'replaced' | 'dropped' {
    if (entry.deliveryClass === CLASS.volatile) return 'dropped';
    const bytes = entryLength(entry.deliveryClass, entry.payload.length);
    const isLatest = entry.deliveryClass === CLASS.latest;
    const name = isLatest ? `${String(entry.sender)}:${String(entry.keyOrSeq)}` : this.number();
    return this.put(name, { kind: 'entry', entry, bytes }) ? 'replaced' : 'kept';
  }

  /** Keeps a whole frame in its place between the entries. */
  push(frame: string | Uint8Array): void {
    this.put(this.number(), { kind: 'frame', frame, bytes: Buffer.byteLength(frame) });
  }

  /** Takes the next frame to send: entries that follow each other go together, up to about `maxBytes`. */
  take(maxBytes: number): string | Uint8Array | null {
    const batch: OutEntry[] = [];
    let length = 1;
    for (const [name, item] of this.waiting) {
      if (item.kind === 'frame') {
        if (batch.length > 0) break;
        this.remove(name, item);
        return item.frame;
      }
      if (batch.length > 0 && length + item.bytes > maxBytes) break;
      this.remove(name, item);
      batch.push(item.entry);
      length += item.bytes;
    }
    return batch.length === 0 ? null : encode(batch, length);
  }

  private number(): number {
    this.next += 1;
    return this.next;
  }

  /** What replaces an older value goes to the end: it was accepted last. Says whether it replaced one. */
  private put(name: string | number, item: Waiting): boolean {
    const older = this.waiting.get(name);
    if (older !== undefined) this.remove(name, older);
    this.waiting.set(name, item);
    this.held += item.bytes;
    return older !== undefined;
  }

  private remove(name: string | number, item: Waiting): void {
    this.waiting.delete(name);
    this.held -= item.bytes;
  }
}

function encode(entries: readonly OutEntry[], length: number): Uint8Array {
  const frame = new Uint8Array(length);
  frame[0] = OP_BATCH;
  let at = 1;
  for (const { sender, deliveryClass, targeted, keyOrSeq, payload } of entries) {
    at = writeEntry(frame, at, sender, deliveryClass, targeted, keyOrSeq, payload);
  }
  return frame;
}
