/**
 * The node bus numbers what this node sends, and notices when envelopes of other nodes are missing. Eight times a second
 * each node sends a beat that names its last envelopes. So the receivers also notice a lost tail and a silent node.
 */
import type { BusTransport } from '../../ports/bus-transport.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { Tallies } from '../../ports/metrics.js';
import type { BusTarget, LossListener, MessageListener, NodeBus } from '../../ports/node-bus.js';
import type { NodeId } from '../../protocol/ids.js';
import { Incoming } from './incoming.js';
import { EnvelopeWriter } from './envelope-writer.js';
import { decodeEnvelope, encodeBeat, type Beat } from './envelope.js';
import { Echo } from './echo.js';

/** One beat may get lost and a second one confirms a loss, so a loss is reported within 500 ms. */
export const BEAT_EVERY_MS = 125;
/** The time of three beats, and some more for their way. */
export const SILENT_AFTER_MS = 425;
const FORGET_AFTER_MS = 60_000;
/** A stream to one node that was idle for this long is left out of beats, and begins again with a new run. */
const STREAM_IDLE_MS = 5_000;
/** An envelope that reaches this size is sent before the turn ends. */
const MAX_ENVELOPE_BYTES = 256 * 1024;

export type BusTallies = Pick<Tallies, Extract<keyof Tallies, `bus${string}`>>;

export interface NumberedBusDeps {
  readonly self: NodeId;
  readonly transport: BusTransport;
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: BusTallies;
}

interface Outgoing {
  readonly run: number;
  readonly writer: EnvelopeWriter;
  number: number;
  sentAtMs: number;
}

export class NumberedBus implements NodeBus {
  private readonly messageListeners: MessageListener[] = [];
  private readonly lossListeners: LossListener[] = [];
  private readonly outgoing = new Map<BusTarget, Outgoing>();
  private readonly incoming = new Map<NodeId, Incoming>();
  private readonly waiting = new Set<BusTarget>();
  private lastRun = 0;
  private beatId = 0;
  private readonly echo: Echo;
  private timer: Timer | null = null;
  private state: 'new' | 'running' | 'stopped' = 'new';

  constructor(private readonly deps: NumberedBusDeps) {
    this.echo = new Echo(deps.self);
    this.outgoing.set('all', this.newOutgoing());
  }

  /** How long this node's last beat took to come back, or how long the next one is overdue if that is longer, in ms. */
  get lagMs(): number {
    if (this.state !== 'running') return 0;
    return this.echo.lagMs(this.deps.clock.monotonicMs(), BEAT_EVERY_MS);
  }

  /** The number of nodes that this node hears. */
  get heard(): number {
    return [...this.incoming.values()].filter(({ isSilent }) => !isSilent).length;
  }

  /** Whether this node hears the other one. */
  hears(node: NodeId): boolean {
    return this.incoming.get(node)?.isSilent === false;
  }

  onMessage(listen: MessageListener): void {
    this.messageListeners.push(listen);
  }

  onLost(listen: LossListener): void {
    this.lossListeners.push(listen);
  }

  send(to: BusTarget, bytes: Uint8Array): void {
    if (this.state !== 'running' || to === this.deps.self) return;
    const outgoing = this.outgoing.get(to) ?? this.newOutgoing();
    this.outgoing.set(to, outgoing);
    outgoing.writer.add(bytes);
    this.deps.tallies.busMessagesOut += 1;
    if (outgoing.writer.length >= MAX_ENVELOPE_BYTES) this.flushOne(to, outgoing);
    else this.flushLater(to);
  }

  flush(): void {
    for (const to of this.waiting) {
      const outgoing = this.outgoing.get(to);
      if (outgoing?.writer.isEmpty === false) this.flushOne(to, outgoing);
    }
    this.waiting.clear();
  }

  async start(): Promise<void> {
    this.state = 'running';
    await this.deps.transport.start((envelope) => {
      this.receive(envelope);
    });
    this.echo.start(this.deps.clock.monotonicMs());
    this.beat();
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    if (this.state === 'running') this.flush();
    this.state = 'stopped';
    await this.deps.transport.stop();
  }

  private newOutgoing(): Outgoing {
    this.lastRun = Math.max(this.lastRun + 1, Math.floor(this.deps.clock.nowMs()));
    return { run: this.lastRun, writer: new EnvelopeWriter(this.deps.self), number: 0, sentAtMs: -Infinity };
  }

  private flushLater(to: BusTarget): void {
    this.waiting.add(to);
    if (this.waiting.size > 1) return;
    this.deps.clock.endOfTurn(() => {
      this.flush();
    });
  }

  private flushOne(to: BusTarget, outgoing: Outgoing): void {
    outgoing.number += 1;
    outgoing.sentAtMs = this.deps.clock.monotonicMs();
    const { run, number } = outgoing;
    this.transmit(to, outgoing.writer.take({ stream: to === 'all' ? 'all' : 'one', run, number }));
  }

  private transmit(to: BusTarget, envelope: Uint8Array): void {
    this.deps.tallies.busEnvelopesOut += 1;
    this.deps.tallies.busBytesOut += envelope.length;
    this.deps.transport.send(to, envelope);
  }

  private beat(): void {
    if (this.state !== 'running') return;
    const { clock, self, transport } = this.deps;
    this.flush();
    const nowMs = clock.monotonicMs();
    this.beatId += 1;
    this.echo.sent(this.beatId, nowMs);
    this.transmit('all', encodeBeat(self, this.beatAt(nowMs)));
    this.transmit(self, encodeBeat(self, this.echo.ownBeat(this.beatId)));
    if (this.echo.isDeaf(nowMs)) transport.reconnect();
    // Read first what has arrived: after a pause of this process, the other nodes only seem silent.
    clock.endOfTurn(() => {
      this.noticeSilence();
    });
    this.timer = clock.after(BEAT_EVERY_MS, () => {
      this.beat();
    });
  }

  private beatAt(nowMs: number): Beat {
    const ones: Beat['ones'][number][] = [];
    for (const [to, { run, number, sentAtMs, writer }] of this.outgoing) {
      if (to === 'all') continue;
      if (nowMs - sentAtMs <= STREAM_IDLE_MS) ones.push({ to, run, number });
      else if (writer.isEmpty) this.outgoing.delete(to);
    }
    const { run = 0, number = 0 } = this.outgoing.get('all') ?? {};
    return { id: this.beatId, all: { run, number }, ones };
  }

  private noticeSilence(): void {
    const nowMs = this.deps.clock.monotonicMs();
    for (const [from, incoming] of this.incoming) {
      const silentMs = nowMs - incoming.heardAtMs;
      if (silentMs > FORGET_AFTER_MS) this.incoming.delete(from);
      if (incoming.isSilent || silentMs <= SILENT_AFTER_MS) continue;
      incoming.isSilent = true;
      this.reportLoss(from, 'silent');
    }
  }

  private receive(bytes: Uint8Array): void {
    if (this.state !== 'running') return;
    this.deps.tallies.busEnvelopesIn += 1;
    this.deps.tallies.busBytesIn += bytes.length;
    const envelope = decodeEnvelope(bytes);
    if (envelope === null) {
      this.deps.tallies.busMalformed += 1;
      this.deps.log.warn('bus_envelope_malformed', { bytes: bytes.length });
      return;
    }
    const nowMs = this.deps.clock.monotonicMs();
    const { from } = envelope;
    if (from === this.deps.self) {
      if (envelope.kind === 'beat') this.echo.hear(envelope.beat, nowMs);
      return;
    }
    const incoming = this.hear(from, nowMs);
    if (envelope.kind === 'beat') {
      if (incoming.hasLost(envelope.beat, this.deps.self)) this.reportLoss(from, 'tail');
      return;
    }
    const verdict = incoming.accept(envelope.place);
    if (verdict === 'old') return;
    if (verdict === 'after_loss') this.reportLoss(from, 'hole');
    for (const message of envelope.messages) for (const listen of this.messageListeners) listen(from, message);
  }

  private hear(from: NodeId, nowMs: number): Incoming {
    const known = this.incoming.get(from);
    if (known === undefined) {
      const incoming = new Incoming(nowMs);
      this.incoming.set(from, incoming);
      return incoming;
    }
    known.heardAtMs = nowMs;
    if (known.isSilent) {
      known.isSilent = false;
      this.reportLoss(from, 'heard_again');
    }
    return known;
  }

  private reportLoss(from: NodeId, why: string): void {
    this.deps.tallies.busLosses += 1;
    this.deps.log.warn('bus_loss', { from, why });
    for (const listen of this.lossListeners) listen(from);
  }
}
