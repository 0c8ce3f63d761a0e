/**
 * One connection, from the handshake to its end. The first frame must be the welcome; later frames are passed on. The
 * connection reports its end exactly once. It never reconnects; `Supervisor` does.
 */
import { decodeBatchFrame, type Entry } from '../protocol/batch-frame.js';
import type { ClientFrame } from '../protocol/control-frames.js';
import type { Welcome } from '../protocol/server-control.js';
import type { RoutedFrame } from './events.js';
import { Handshake, type HandshakeDeps, type Ticket } from './handshake.js';
import { Heartbeat } from './heartbeat.js';
import { Link, LOST_LINK } from './link.js';
import type { ConnectionEnd } from './reconnect.js';
import { RelayError } from './relay-error.js';
import { parseServerControl } from './server-frames.js';
import { setPatientTimer, type ClientTiming } from './timing.js';

export interface ConnectionEvents {
  onWelcome(welcome: Welcome, resumed: boolean): void;
  onControl(frame: RoutedFrame): void;
  onEntries(entries: readonly Entry[]): void;
  onEnd(end: ConnectionEnd): void;
}

export interface ConnectionDeps extends HandshakeDeps {
  readonly timing: ClientTiming;
  /** The longest time from the first step to the welcome. */
  readonly connectTimeoutMs: number;
}

/** The close code for a frame that breaks the protocol. */
const BAD_FRAME = 1002;

export class Connection {
  readonly resumed: boolean;
  private readonly handshake: Handshake;
  private link: Link | null = null;
  private heart: Heartbeat | null = null;
  private isOver = false;
  private readonly cancelTimeout: () => void;

  constructor(
    ticket: Ticket,
    private readonly deps: ConnectionDeps,
    private readonly events: ConnectionEvents,
  ) {
    this.resumed = ticket.resume !== null;
    this.handshake = new Handshake(ticket, deps);
    this.cancelTimeout = setPatientTimer(deps.timing, deps.connectTimeoutMs, () => this.abandon('timeout'));
    this.handshake.open().then(
      (opened) => {
        this.link = new Link(opened, this, deps.timing);
        if (this.isOver) this.link.abandon(LOST_LINK, '');
      },
      (error: unknown) => {
        const reason = error instanceof RelayError ? error.code : 'unreachable';
        const mayPass = reason === 'credential_failed' || reason === 'url_failed';
        const cause = error instanceof RelayError ? error.cause : error;
        this.end({ by: mayPass ? 'failure' : 'fault', reason, cause });
      },
    );
  }

  /** True from the welcome until the connection closes. */
  get isReady(): boolean {
    return this.heart !== null && this.link?.isWritable === true;
  }

  get bufferedBytes(): number {
    return this.link?.bufferedBytes ?? 0;
  }

  /** Call it only while `isReady`. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.heart?.onSent();
    this.link?.send(data);
  }

  sendControl(frame: ClientFrame): void {
    this.send(JSON.stringify(frame));
  }

  ping(): Promise<number> {
    return this.heart?.ask() ?? Promise.reject(new RelayError('not_connected', 'There is no open connection.'));
  }

  /** Asks whether the link still works. */
  check(): void {
    this.heart?.check();
  }

  /** Closes with a closing handshake, or at once before the welcome. */
  close(withinMs: number): void {
    if (this.heart === null) this.abandon('closed');
    else this.link?.close(withinMs);
  }

  /** Gives the gateway this long to close the connection. */
  giveUpAfter(withinMs: number): void {
    this.link?.giveUpAfter(withinMs);
  }

  onText(text: string): void {
    this.heart?.onReceived();
    const frame = parseServerControl(text);
    if (frame === 'unknown') return;
    if (frame === 'broken' || (frame.type === 'welcome') !== (this.heart === null)) {
      this.link?.abandon(BAD_FRAME, 'bad_frame');
    } else if (frame.type === 'welcome') {
      this.begin(frame);
    } else if (frame.type === 'pong') {
      this.heart?.onPong(frame.t);
    } else {
      this.events.onControl(frame);
    }
  }

  onBytes(bytes: Uint8Array): void {
    this.heart?.onReceived();
    const entries = this.heart === null ? null : decodeBatchFrame(bytes);
    if (entries === null) this.link?.abandon(BAD_FRAME, 'bad_frame');
    else this.events.onEntries(entries);
  }

  onUnreadable(): void {
    this.link?.abandon(BAD_FRAME, 'unreadable_data');
  }

  onClose(code: number, reason: string, wasOpen: boolean): void {
    if (this.isOver) return;
    if (wasOpen || code !== LOST_LINK) {
      this.end({ by: 'close', code, reason });
      return;
    }
    this.handshake.explain().then(
      (end) => this.end(end),
      () => this.end({ by: 'close', code, reason }),
    );
  }

  private begin(welcome: Welcome): void {
    this.cancelTimeout();
    this.heart = new Heartbeat({
      timing: this.deps.timing,
      heartbeatMs: welcome.heartbeat_ms,
      sendPing: (t) => this.sendControl({ type: 'ping', t }),
      onDead: () => this.link?.abandon(LOST_LINK, 'heartbeat_timeout'),
    });
    this.events.onWelcome(welcome, this.resumed);
  }

  private abandon(reason: string): void {
    const { link } = this;
    this.end({ by: 'close', code: LOST_LINK, reason });
    link?.abandon(LOST_LINK, reason);
  }

  private end(end: ConnectionEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelTimeout();
    this.handshake.cancel();
    this.heart?.stop();
    this.events.onEnd(end);
  }
}
