/**
 * One end of a link: an ordered stream of messages to another node, and one from it. The bus may lose what it carries. So
 * this end keeps what the other one has not confirmed, and sends it again; the other end passes on nothing out of order.
 * When too much is unconfirmed the link breaks: both ends hear it, drop everything that they built on it, and begin anew.
 */
import type { Clock } from '../../ports/clock.js';
import type { Tallies } from '../../ports/metrics.js';
import type { NodeBus } from '../../ports/node-bus.js';
import type { NodeId } from '../../protocol/ids.js';
import {
  encodeHeard,
  readMessages,
  SegmentWriter,
  type LinkPacket,
  type LinkReader,
  type Position,
} from './segment.js';

/** With more than this unconfirmed the link breaks: the other node does not keep up, or the bus is away for long. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** A segment that reaches this size is sent before the turn ends. */
const MAX_SEGMENT_BYTES = 128 * 1024;
/** After this many unconfirmed bytes the receiver confirms at once. */
const CONFIRM_BYTES = 256 * 1024;
/** A receiver confirms within 50 ms and a few ms for the way, so this late a segment or its confirmation is lost. */
const FIRST_RESEND_MS = 300;
const LAST_RESEND_MS = 4_000;
/** How long a receiver waits between two requests for a missing segment. */
const ASK_EVERY_MS = 100;
/** While the oldest unconfirmed segment is this old, or this much is unconfirmed, new frames are refused. */
const STALLED_AFTER_MS = 2_000;
const STALLED_BYTES = MAX_KEPT_BYTES / 2;
/** A link's first run is a multiple of this. So a receiver that heard no earlier run knows that there was one. */
const RUNS = 1024;

export interface LinkDeps {
  readonly bus: Pick<NodeBus, 'send'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly tallies: Pick<Tallies, 'linkSegmentsOut' | 'linkSegmentsResent' | 'linksBroken'>;
  /** The link has something to flush. */
  readonly onDirty: (link: Link) => void;
  /** The link must break at the end of the turn. */
  readonly onOverfull: (link: Link) => void;
}

interface Kept {
  readonly number: number;
  readonly segment: Uint8Array;
  readonly sentAtMs: number;
}

export class Link {
  private readonly writer = new SegmentWriter();
  private run: number;
  private number = 0;
  private kept: Kept[] = [];
  private keptBytes = 0;
  private resendAfterMs = FIRST_RESEND_MS;
  private resentAtMs = -Infinity;
  private heard: Position = { run: 0, number: 0 };
  private unconfirmedBytes = 0;
  private isConfirmDue = false;
  private isAskDue = false;
  private askedAtMs = -Infinity;

  constructor(
    readonly peer: NodeId,
    /** Later than at any earlier link to this peer, in Unix milliseconds. */
    bornAtMs: number,
    private readonly deps: LinkDeps,
  ) {
    this.run = Math.floor(bornAtMs) * RUNS;
  }

  /** The other end confirms nothing, or too late: what is sent now may wait for long. */
  get isStalled(): boolean {
    const [oldest] = this.kept;
    if (oldest === undefined) return false;
    return this.keptBytes > STALLED_BYTES || this.deps.clock.monotonicMs() - oldest.sentAtMs > STALLED_AFTER_MS;
  }

  /** Adds a message. Copies the payload before it returns. Returns its length in bytes. */
  send(op: number, a: number, b: number, payload: string | Uint8Array): number {
    const wasEmpty = this.writer.isEmpty;
    const length = this.writer.add(op, a, b, payload);
    if (this.writer.length >= MAX_SEGMENT_BYTES) this.flush();
    else if (wasEmpty) this.deps.onDirty(this);
    return length;
  }

  /** Sends what was added since the last flush as one segment. */
  flush(): void {
    if (!this.writer.isEmpty) this.sendSegment();
  }

  /** Forgets what was sent and begins a new run, whose first segment tells the other end of the break. */
  restart(): void {
    this.run += 1;
    this.number = 0;
    this.writer.clear();
    this.kept = [];
    this.keptBytes = 0;
    this.resendAfterMs = FIRST_RESEND_MS;
    this.deps.tallies.linksBroken += 1;
    this.sendSegment();
  }

  /** Reads a packet of the other end. `broken`: an end has begun anew; call again with the same packet. */
  receive(packet: LinkPacket, read: LinkReader): 'read' | 'broken' {
    if (packet.kind === 'heard') return this.onAsked(packet.heard, packet.again);
    const { at, body } = packet;
    this.onHeard(packet.heard);
    if (at.run < this.heard.run) return 'read';
    if (at.run > this.heard.run) {
      const isFirst = this.heard.run === 0 && at.run % RUNS === 0;
      this.heard = { run: at.run, number: 0 };
      if (!isFirst) return 'broken';
    }
    this.isConfirmDue = true;
    if (at.number === this.heard.number + 1) {
      this.heard = at;
      this.isAskDue = false;
      this.unconfirmedBytes += body.length;
      readMessages(body, read);
      if (this.unconfirmedBytes > CONFIRM_BYTES) this.confirm(false);
    } else if (at.number > this.heard.number) {
      this.isAskDue = true;
      this.askAgain();
    }
    return 'read';
  }

  /** Something that the other end sent may be missing. */
  askAgain(): void {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs - this.askedAtMs < ASK_EVERY_MS) return;
    this.askedAtMs = nowMs;
    this.confirm(true);
  }

  /** Confirms, asks and sends again as time passes. Call it every 50 ms. */
  tick(): void {
    if (this.isAskDue) this.askAgain();
    else if (this.isConfirmDue) this.confirm(false);
    const [oldest] = this.kept;
    if (oldest === undefined) return;
    const since = Math.max(oldest.sentAtMs, this.resentAtMs);
    if (this.deps.clock.monotonicMs() - since < this.resendAfterMs) return;
    this.resendAfterMs = Math.min(LAST_RESEND_MS, 2 * this.resendAfterMs);
    this.resend();
  }

  private sendSegment(): void {
    const { bus, clock, tallies, onOverfull } = this.deps;
    this.number += 1;
    const segment = this.writer.take({ run: this.run, number: this.number }, this.heard);
    this.kept.push({ number: this.number, segment, sentAtMs: clock.monotonicMs() });
    this.keptBytes += segment.length;
    this.confirmed();
    tallies.linkSegmentsOut += 1;
    bus.send(this.peer, segment);
    if (this.keptBytes > MAX_KEPT_BYTES) onOverfull(this);
  }

  private onAsked(heard: Position, again: boolean): 'read' | 'broken' {
    this.onHeard(heard);
    if (!again || heard.run !== this.run) return 'read';
    const firstKept = this.kept[0]?.number ?? this.number + 1;
    if (heard.number >= firstKept - 1) {
      this.resend();
      return 'read';
    }
    // The other end has forgotten the link, for example because it took this node for dead.
    this.restart();
    return 'broken';
  }

  private resend(): void {
    this.resentAtMs = this.deps.clock.monotonicMs();
    this.deps.tallies.linkSegmentsResent += this.kept.length;
    for (const { segment } of this.kept) this.deps.bus.send(this.peer, segment);
  }

  private confirm(again: boolean): void {
    this.confirmed();
    this.deps.bus.send(this.peer, encodeHeard(this.heard, again));
  }

  private confirmed(): void {
    this.isConfirmDue = false;
    this.unconfirmedBytes = 0;
  }

  private onHeard({ run, number }: Position): void {
    if (run !== this.run) return;
    let n = 0;
    for (; n < this.kept.length && (this.kept[n]?.number ?? 0) <= number; n += 1) {
      this.keptBytes -= this.kept[n]?.segment.length ?? 0;
    }
    if (n === 0) return;
    this.kept.splice(0, n);
    this.resendAfterMs = FIRST_RESEND_MS;
  }
}
