/** The satellite's end: the sockets of this node whose sessions have their homes on other nodes. */
import type { Admission } from '../../ports/connect.js';
import type { FarSeat, Forward } from '../../ports/satellites.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Broadcaster, ClientSocket, SocketHandler } from '../../ports/socket.js';
import { encodeControl } from '../../protocol/server-control.js';
import type { Link } from '../links/link.js';
import { FarSocket, type FarSocketDeps } from './far-socket.js';
import { decodeClose, decodeText, EMPTY, FROM_HOME, FROM_SATELLITE } from './messages.js';

/** The engine does not always report a drained buffer. */
const CHECK_EVERY_MS = 100;
/** The clients of a lost home come back over this long at most, one in each millisecond when they are few. */
const RETURN_SPREAD_MS = 1_000;
const RETURN_SPREAD_PER_SOCKET_MS = 1;

export interface SatelliteEndDeps extends Pick<FarSocketDeps, 'bounds' | 'tallies'> {
  readonly clock: Clock;
  readonly broadcaster: Broadcaster;
  readonly forward: Forward;
  /** The URL of this node for clients. */
  readonly connectUrl: () => string;
}

/** A topic of a home, with its subscribers here. */
interface Topic {
  /** Its name in the engine. No topic of this node's own rooms has it. */
  readonly name: string;
  readonly members: Set<FarSocket>;
  /** Bytes published since the members' buffers were last looked at. */
  uncheckedBytes: number;
}

/** Everything that this node holds for one home. */
interface Home {
  readonly sockets: Map<number, FarSocket>;
  readonly topics: Map<number, Topic>;
}

export class SatelliteEnd {
  private readonly homes = new Map<Link, Home>();
  private readonly behind = new Set<FarSocket>();
  private timer: Timer | null = null;

  constructor(private readonly deps: SatelliteEndDeps) {}

  get size(): number {
    let size = 0;
    for (const { sockets } of this.homes.values()) size += sockets.size;
    return size;
  }

  start(): void {
    this.timer = this.deps.clock.after(CHECK_EVERY_MS, () => {
      for (const socket of this.behind) socket.check();
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** `linkTo` gives the link of the moment: the home may be lost before the socket comes. */
  admissionAt(linkTo: () => Link, { socket: id, userId, seatName }: FarSeat): Admission {
    return {
      userId,
      seatName,
      open: (socket) => this.open(linkTo(), id, socket),
      abandon: () => {
        linkTo().send(FROM_SATELLITE.abandon, id, 0, EMPTY);
      },
    };
  }

  receive(link: Link, op: number, a: number, b: number, payload: Uint8Array): void {
    const home = this.homes.get(link);
    if (home === undefined) return;
    switch (op) {
      case FROM_HOME.publishBinary:
        this.publish(home, a, b, payload, payload.length);
        return;
      case FROM_HOME.publishText:
        this.publish(home, a, b, decodeText(payload), payload.length);
        return;
      case FROM_HOME.sendBinary:
        home.sockets.get(a)?.send(payload, payload.length);
        return;
      case FROM_HOME.sendText:
        home.sockets.get(a)?.send(decodeText(payload), payload.length);
        return;
      case FROM_HOME.subscribe:
        this.subscribe(link, home, a, b);
        return;
      case FROM_HOME.unsubscribe:
        this.unsubscribe(home, a, b);
        return;
      case FROM_HOME.ping:
        home.sockets.get(a)?.ping();
        return;
      case FROM_HOME.close:
        home.sockets.get(a)?.close(decodeClose(payload));
        return;
      default:
      // A newer home may say what this satellite does not know.
    }
  }

  /**
   * The home is gone, or what it sent may be lost. The clients resume here, one after the other: this node is alive, and
   * takes them to the session's home of then.
   */
  onBroken(link: Link): void {
    const home = this.homes.get(link);
    if (home === undefined) return;
    this.homes.delete(link);
    const { clock } = this.deps;
    const url = this.deps.connectUrl();
    const sockets = [...home.sockets.values()];
    const spreadMs = Math.min(RETURN_SPREAD_MS, sockets.length * RETURN_SPREAD_PER_SOCKET_MS);
    for (const [at, far] of sockets.entries()) {
      const afterMs = Math.round((at * spreadMs) / sockets.length);
      far.cut();
      // The home was lost before it sent the welcome: the client knows no other first frame, and retries after the close.
      if (far.isGreeted) {
        far.socket.send(encodeControl({ type: 'goaway', reason: 'moved', after_ms: afterMs, url }));
      }
      clock.after(afterMs, () => {
        far.close('moved');
      });
    }
  }

  private open(link: Link, id: number, socket: ClientSocket): SocketHandler {
    const home = this.homeOf(link);
    const far = new FarSocket(link, id, socket, {
      bounds: this.deps.bounds,
      tallies: this.deps.tallies,
      onBehind: (isBehind) => {
        if (isBehind) this.behind.add(far);
        else this.behind.delete(far);
      },
      onClosed: () => {
        this.forget(home, far);
      },
    });
    home.sockets.set(id, far);
    link.send(FROM_SATELLITE.open, id, 0, EMPTY);
    return this.deps.forward(socket, far);
  }

  private homeOf(link: Link): Home {
    const known = this.homes.get(link);
    if (known !== undefined) return known;
    const home = { sockets: new Map<number, FarSocket>(), topics: new Map<number, Topic>() };
    this.homes.set(link, home);
    return home;
  }

  private publish(home: Home, id: number, except: number, frame: string | Uint8Array, bytes: number): void {
    const topic = home.topics.get(id);
    if (topic === undefined) return;
    this.deps.broadcaster.publish(topic.name, frame, home.sockets.get(except)?.socket ?? null);
    topic.uncheckedBytes += bytes;
    if (topic.uncheckedBytes < this.deps.bounds.softBytes / 2) return;
    topic.uncheckedBytes = 0;
    // Only at the end of the turn has the engine written what was published.
    this.deps.clock.endOfTurn(() => {
      for (const member of topic.members) member.check();
    });
  }

  private subscribe(link: Link, home: Home, id: number, topicId: number): void {
    const far = home.sockets.get(id);
    if (far === undefined) return;
    const topic = home.topics.get(topicId) ?? {
      name: `${link.peer} ${String(topicId)}`,
      members: new Set<FarSocket>(),
      uncheckedBytes: 0,
    };
    home.topics.set(topicId, topic);
    topic.members.add(far);
    far.topics.add(topicId);
    far.socket.subscribe(topic.name);
  }

  private unsubscribe(home: Home, id: number, topicId: number): void {
    const far = home.sockets.get(id);
    const topic = home.topics.get(topicId);
    if (far === undefined || topic === undefined) return;
    far.socket.unsubscribe(topic.name);
    far.topics.delete(topicId);
    this.removeFrom(home, topicId, far);
  }

  private forget(home: Home, far: FarSocket): void {
    home.sockets.delete(far.id);
    this.behind.delete(far);
    for (const topicId of far.topics) this.removeFrom(home, topicId, far);
  }

  private removeFrom(home: Home, topicId: number, far: FarSocket): void {
    const topic = home.topics.get(topicId);
    if (topic === undefined) return;
    topic.members.delete(far);
    if (topic.members.size === 0) home.topics.delete(topicId);
  }
}
