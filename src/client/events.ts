/** What a client tells its listeners. Views (members, session) are already up to date when a listener runs. */
import type { CloseAdvice } from '../protocol/close-codes.js';
import type { DeliveryClassName } from '../protocol/wire.js';
import type { RelayErrorCode } from './relay-error.js';
import type { Host, Member, Session, UserSession } from './session-view.js';

/** One relayed message. */
export interface Message {
  /** The member that sent it: 65535 when `fromBackend`. */
  readonly sender: number;
  readonly fromBackend: boolean;
  readonly class: DeliveryClassName;
  /** Of class latest: which of the sender's values this is. */
  readonly key: number | null;
  /** Of class reliable: its number in the session, rising within an epoch. Never the same twice. */
  readonly seq: number | null;
  /** Sent to you (and maybe some others) rather than to everybody. */
  readonly targeted: boolean;
  readonly payload: Uint8Array;
  /** The payload as UTF-8. */
  readonly text: () => string;
}

export interface OpenInfo {
  /** The same member came back, with its index and role; false when this is a join. */
  readonly resumed: boolean;
  /** Every reliable message that was missed follows. False on a join, and when some are lost: see `gap`. */
  readonly recovered: boolean;
}

/** Reliable messages that will not come. Some of these numbers may have belonged to messages for others. */
export interface Gap {
  readonly epoch: string;
  readonly from: number;
  /** null: unknown; the numbering ended with its epoch. */
  readonly to: number | null;
  /** `replay_window`, `epoch_changed`, `rejoined`, or another of the gateway's. */
  readonly reason: string;
}

export interface Disconnected {
  /** The close code; 1006 when the link was lost, or never came about. */
  readonly code: number;
  /** The close reason, or the error code of a refused handshake. */
  readonly reason: RelayErrorCode;
  /** When the next attempt begins; null: never, and `closed` follows. */
  readonly willReconnectInMs: number | null;
}

/** The end. */
export interface Closed {
  readonly code: number;
  /** The close reason, the error code of a refused handshake, or `closed` after `stop`. */
  readonly reason: RelayErrorCode;
  /**
   * `done`: you left or stopped. `never`: the gateway does not want this credential back. `back_off`: it was not
   * reached within `reconnect.maxElapsedMs`; a new client may have more luck later.
   */
  readonly advice: CloseAdvice;
}

export interface ClientEvents {
  /** A connection is ready: after each join and each resume. Look at `members` anew. */
  open: OpenInfo;
  message: Message;
  memberJoined: Member;
  /** Its socket was lost; it may come back. */
  memberAway: Member;
  memberBack: Member;
  memberLeft: { readonly member: Member; readonly reason: string };
  /** Another member set its presence state. */
  memberState: Member;
  host: Host;
  sessionUpdated: Session;
  /** The user session you are bound to was touched, or is over; then `closed` follows. */
  userSession: UserSession;
  gap: Gap;
  /** The gateway asks to reconnect in so many milliseconds; the client does so on its own. */
  goaway: { readonly reason: string; readonly afterMs: number };
  /** The gateway refused a frame that nobody waits for with `ack`, or a call such as `kick`. */
  error: { readonly code: RelayErrorCode; readonly message: string };
  /** Reliable frames sent without `ack` were given up before they were on the wire. */
  undelivered: { readonly code: RelayErrorCode; readonly count: number };
  /** A connection was lost, or could not be made. */
  disconnected: Disconnected;
  /** Once, last: nothing follows. */
  closed: Closed;
}

export type Listener<E extends keyof ClientEvents> = (event: ClientEvents[E]) => unknown;
export type Listeners = { readonly [E in keyof ClientEvents]?: Listener<E> };
export type ListenerErrorHandler = (error: unknown, event: keyof ClientEvents) => void;

type ListenerSets = { readonly [E in keyof ClientEvents]: Set<Listener<E>> };

/** Calls listeners in the order they were added. What one throws, or rejects with, concerns neither the others nor the client. */
export class Emitter {
  private readonly sets: ListenerSets = {
    open: new Set(),
    message: new Set(),
    memberJoined: new Set(),
    memberAway: new Set(),
    memberBack: new Set(),
    memberLeft: new Set(),
    memberState: new Set(),
    host: new Set(),
    sessionUpdated: new Set(),
    userSession: new Set(),
    gap: new Set(),
    goaway: new Set(),
    error: new Set(),
    undelivered: new Set(),
    disconnected: new Set(),
    closed: new Set(),
  };

  constructor(
    private readonly onListenerError: ListenerErrorHandler,
    private readonly first: Listeners = {},
  ) {}

  /** Returns what removes the listener again. */
  on<E extends keyof ClientEvents>(event: E, listener: Listener<E>): () => void {
    const listeners: Set<Listener<E>> = this.sets[event];
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<E extends keyof ClientEvents>(event: E, payload: ClientEvents[E]): void {
    const first: Listener<E> | undefined = this.first[event];
    if (first !== undefined) this.call(event, first, payload);
    for (const listener of [...this.sets[event]]) this.call(event, listener, payload);
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
