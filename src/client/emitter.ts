/** Hands events to listeners. */
import type { ClientEvents } from './events.js';

export type Listener<E extends keyof ClientEvents> = (event: ClientEvents[E]) => unknown;
export type Listeners = { readonly [E in keyof ClientEvents]?: Listener<E> };
export type ListenerErrorHandler = (error: unknown, event: keyof ClientEvents) => void;

type ListenerSets = { [E in keyof ClientEvents]?: Set<Listener<E>> };

/**
 * Calls the listeners of an event in the order in which they were added. A listener that throws or rejects disturbs
 * neither the others nor the client.
 */
export class Emitter {
  private readonly sets: ListenerSets = {};

  constructor(
    private readonly onListenerError: ListenerErrorHandler,
    private readonly first: Listeners = {},
  ) {}

  /** Returns a function that removes the listener. */
  on<E extends keyof ClientEvents>(event: E, listener: Listener<E>): () => void {
    const listeners = this.listenersOf(event);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<E extends keyof ClientEvents>(event: E, payload: ClientEvents[E]): void {
    const first: Listener<E> | undefined = this.first[event];
    if (first !== undefined) this.call(event, first, payload);
    for (const listener of [...this.listenersOf(event)]) this.call(event, listener, payload);
  }

  private listenersOf<E extends keyof ClientEvents>(event: E): Set<Listener<E>> {
    const sets: { [K in E]?: Set<Listener<K>> } = this.sets;
    return (sets[event] ??= new Set());
  }

  private call<E extends keyof ClientEvents>(event: E, listener: Listener<E>, payload: ClientEvents[E]): void {
    try {
      const result = listener(payload);
      if (result instanceof Promise) {
        result.catch((error: unknown) => {
          this.report(error, event);
        });
      }
    } catch (error) {
      this.report(error, event);
    }
  }

  private report(error: unknown, event: keyof ClientEvents): void {
    try {
      this.onListenerError(error, event);
    } catch (second) {
      logListenerError(second, event);
    }
  }
}

export function logListenerError(error: unknown, event: keyof ClientEvents): void {
  // eslint-disable-next-line no-console -- a listener that throws must be heard of somewhere, and this is a library
  console.error(`sallyport: a listener of "${event}" failed`, error);
}
