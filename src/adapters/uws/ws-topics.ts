/** The topics of one app. A frame is made into bytes once, however many sockets get it. */

export interface Subscriber {
  deliver(frame: Uint8Array, isBinary: boolean): void;
}

export class Topics {
  private readonly subscribers = new Map<string, Set<Subscriber>>();

  add(topic: string, subscriber: Subscriber): void {
    const known = this.subscribers.get(topic);
    if (known === undefined) this.subscribers.set(topic, new Set([subscriber]));
    else known.add(subscriber);
  }

  remove(topic: string, subscriber: Subscriber): void {
    const known = this.subscribers.get(topic);
    if (known?.delete(subscriber) === true && known.size === 0) this.subscribers.delete(topic);
  }

  /** How many subscribers the topic has. */
  size(topic: string): number {
    return this.subscribers.get(topic)?.size ?? 0;
  }

  /** Sends to every subscriber but one; null: no exception. Returns whether the topic has subscribers. */
  publish(topic: string, message: string | Uint8Array, isBinary: boolean, except: Subscriber | null): boolean {
    const known = this.subscribers.get(topic);
    if (known === undefined) return false;
    // A copy: the caller may use its bytes again before they are written.
    const frame = typeof message === 'string' ? Buffer.from(message) : Buffer.from(message);
    // A copy of the set as well: a delivery may close a socket.
    for (const subscriber of [...known]) if (subscriber !== except) subscriber.deliver(frame, isBinary);
    return true;
  }
}
