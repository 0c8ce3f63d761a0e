/** The home's end: admissions whose sockets are on their way to a satellite, and the sockets that are there. */
import type { Clock, Timer } from '../../ports/clock.js';
import type { Admission } from '../../ports/connect.js';
import type { Log } from '../../ports/log.js';
import type { NodeId } from '../../protocol/ids.js';
import type { Link } from '../links/link.js';
import type { FarTopics } from './far-topics.js';
import { decodeBuffered, FROM_HOME, FROM_SATELLITE } from './messages.js';
import { RemoteSocket } from './remote-socket.js';

/** Longer than the answer to the satellite and the upgrade of the socket take. */
const EXPECTED_FOR_MS = 10_000;
const LOST = 1006;

interface Expected {
  readonly satellite: NodeId;
  readonly admission: Admission;
  readonly timer: Timer;
}

export interface HomeEndDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly farTopics: FarTopics;
}

export class HomeEnd {
  private readonly expected = new Map<number, Expected>();
  private readonly sockets = new Map<number, RemoteSocket>();
  private lastId = 0;

  constructor(private readonly deps: HomeEndDeps) {}

  get size(): number {
    return this.sockets.size;
  }

  expect(satellite: NodeId, admission: Admission): number {
    this.lastId += 1;
    const id = this.lastId;
    const timer = this.deps.clock.after(EXPECTED_FOR_MS, () => {
      if (this.expected.delete(id)) admission.abandon();
    });
    this.expected.set(id, { satellite, admission, timer });
    return id;
  }

  receive(link: Link, op: number, a: number, b: number, payload: Uint8Array): void {
    switch (op) {
      case FROM_SATELLITE.text:
        this.socketOf(link, a)?.handler?.onText(payload);
        return;
      case FROM_SATELLITE.binary:
        this.socketOf(link, a)?.handler?.onBinary(payload);
        return;
      case FROM_SATELLITE.report: {
        const waiting = decodeBuffered(payload);
        if (waiting !== null) this.socketOf(link, a)?.report(b, waiting);
        return;
      }
      case FROM_SATELLITE.alive:
        this.socketOf(link, a)?.handler?.onAlive('ping');
        return;
      case FROM_SATELLITE.open:
        this.open(link, a);
        return;
      case FROM_SATELLITE.abandon:
        this.take(link, a)?.abandon();
        return;
      case FROM_SATELLITE.closed:
        this.socketOf(link, a)?.lost();
        return;
      default:
      // A newer satellite may say what this home does not know.
    }
  }

  /** The satellite is gone, or what it sent may be lost: so are its sockets. */
  onBroken(link: Link): void {
    for (const socket of [...this.sockets.values()]) if (socket.link === link) socket.lost();
  }

  private open(link: Link, id: number): void {
    const admission = this.take(link, id);
    if (admission === null) {
      // The admission was given up, because the satellite's word came too late.
      link.send(FROM_HOME.close, id, 0, 'moved');
      return;
    }
    const socket = new RemoteSocket(link, id, this.deps.farTopics, () => this.sockets.delete(id));
    this.sockets.set(id, socket);
    try {
      const handler = admission.open(socket);
      // The socket was closed while it opened, before it had a handler.
      if (socket.closed) handler.onClose(LOST);
      else socket.handler = handler;
    } catch (error) {
      this.deps.log.error('socket_handler_failed', error);
      socket.close('internal_error');
    }
  }

  private take(link: Link, id: number): Admission | null {
    const found = this.expected.get(id);
    if (found?.satellite !== link.peer) return null;
    found.timer.cancel();
    this.expected.delete(id);
    return found.admission;
  }

  /** A satellite speaks for its own sockets only. */
  private socketOf(link: Link, id: number): RemoteSocket | undefined {
    const socket = this.sockets.get(id);
    return socket?.link === link ? socket : undefined;
  }
}
