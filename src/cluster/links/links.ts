/** The links of this node, one for each node that it shares sockets with. */
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { NodeBus } from '../../ports/node-bus.js';
import type { NodeId } from '../../protocol/ids.js';
import { Link, type LinkDeps } from './link.js';
import { decodePacket } from './segment.js';

const TICK_MS = 50;
/** A node that has just started may not be in this node's list of live nodes yet. */
const UNKNOWN_FOR_MS = 5_000;

export interface LinkListener {
  /** The payload is valid only during the call. */
  onMessage(link: Link, op: number, a: number, b: number, payload: Uint8Array): void;
  /** Frames of either end may be lost, and the other node may be dead. */
  onBroken(link: Link): void;
}

export interface LinksDeps extends Pick<LinkDeps, 'tallies'> {
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the node holds a lease, as far as this node knows. */
  readonly isLive: (node: NodeId) => boolean;
}

export class Links {
  private readonly links = new Map<NodeId, Link>();
  private readonly bornAtMs = new Map<Link, number>();
  private dirty = new Set<Link>();
  private readonly overfull = new Set<Link>();
  private listener: LinkListener | null = null;
  private timer: Timer | null = null;

  constructor(private readonly deps: LinksDeps) {
    deps.bus.onMessage((from, bytes) => {
      this.receive(from, bytes);
    });
    deps.bus.onLost((from) => {
      this.links.get(from)?.askAgain();
    });
  }

  /** The one listener of all links. */
  listen(listener: LinkListener): void {
    this.listener = listener;
  }

  start(): void {
    this.timer = this.deps.clock.after(TICK_MS, () => {
      this.tick();
      this.start();
    });
  }

  stop(): void {
    this.flush();
    this.timer?.cancel();
  }

  to(peer: NodeId): Link {
    const known = this.links.get(peer);
    if (known !== undefined) return known;
    const { bus, clock, tallies } = this.deps;
    const link = new Link(peer, clock.nowMs(), {
      bus,
      clock,
      tallies,
      onDirty: (each) => {
        this.flushLater(each);
      },
      onOverfull: (each) => {
        this.breakLater(each);
      },
    });
    this.links.set(peer, link);
    this.bornAtMs.set(link, clock.monotonicMs());
    return link;
  }

  /** Sends at once what was added to any link in this turn. */
  flush(): void {
    if (this.dirty.size === 0) return;
    const { dirty } = this;
    this.dirty = new Set();
    for (const link of dirty) link.flush();
    this.deps.bus.flush();
  }

  private flushLater(link: Link): void {
    this.dirty.add(link);
    if (this.dirty.size > 1) return;
    this.deps.clock.endOfTurn(() => {
      this.flush();
    });
  }

  /** A break closes sockets, which must not happen in the middle of what filled the link. */
  private breakLater(link: Link): void {
    if (this.overfull.has(link)) return;
    this.overfull.add(link);
    this.deps.clock.endOfTurn(() => {
      this.overfull.delete(link);
      this.deps.log.warn('link_overfull', { peer: link.peer });
      link.restart();
      this.listener?.onBroken(link);
    });
  }

  private receive(from: NodeId, bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (packet === 'other') return;
    if (packet === null) {
      this.deps.log.warn('link_packet_malformed', { from, bytes: bytes.length });
      return;
    }
    const link = this.to(from);
    const read = (op: number, a: number, b: number, payload: Uint8Array): void => {
      this.listener?.onMessage(link, op, a, b, payload);
    };
    if (link.receive(packet, read) === 'read') return;
    this.deps.log.warn('link_broken', { peer: from });
    this.listener?.onBroken(link);
    link.receive(packet, read);
  }

  private tick(): void {
    const nowMs = this.deps.clock.monotonicMs();
    for (const [peer, link] of this.links) {
      const isYoung = nowMs - (this.bornAtMs.get(link) ?? 0) < UNKNOWN_FOR_MS;
      if (isYoung || this.deps.isLive(peer)) link.tick();
      else this.drop(peer, link);
    }
    this.deps.bus.flush();
  }

  private drop(peer: NodeId, link: Link): void {
    this.links.delete(peer);
    this.bornAtMs.delete(link);
    this.dirty.delete(link);
    this.listener?.onBroken(link);
  }
}
