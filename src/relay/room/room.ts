/**
 * A room: the live, in-memory half of a relay session on its home node. It owns the members, the host as last told
 * by the store, the batch and the replay window, and it is where entries get their order.
 * It does not ask the store anything, decode anything, or decide who may join.
 */
import { encodeBatchFrame } from '../../protocol/batch-frame.js';
import type { CloseName } from '../../protocol/close-codes.js';
import { Failure } from '../../protocol/failure.js';
import { BACKEND_INDEX, type SessionId } from '../../protocol/ids.js';
import type { PresentMember } from '../../protocol/presence.js';
import {
  encodeControl,
  type LeftReason,
  type Role,
  type StatelessControl,
  type SessionView,
} from '../../protocol/server-control.js';
import { CLASS, type DeliveryClass } from '../../protocol/wire.js';
import type { Clock } from '../../ports/clock.js';
import type { Host, RelaySession } from '../../ports/relay-store.js';
import type { Broadcaster, ClientSocket } from '../../ports/socket.js';
import { Batch } from './batch.js';
import type { FlushSchedule, Flushable } from './flush-schedule.js';
import type { HomeCopy } from './home-copy.js';
import type { Member, MemberStatus } from './member.js';
import { Outlet, type OutletDeps } from './outlet.js';
import { ReplayWindow, type ReplayBounds } from './replay-window.js';

export interface RoomDeps extends OutletDeps {
  readonly clock: Clock;
  readonly broadcaster: Broadcaster;
  readonly schedule: FlushSchedule;
  readonly replayBounds: ReplayBounds;
  /** Whether reliable entries may be numbered, and anything be acked: this node surely still is the home. */
  readonly mayNumber: () => boolean;
}

export class Room implements Flushable {
  readonly id: SessionId;
  /** Every socket of the room is in this topic. */
  readonly topic: string;
  readonly members = new Map<number, Member>();
  readonly replay: ReplayWindow;
  /** Members removed while a socket of theirs may still be on its way in; see `Rooms`. */
  readonly removed = new Map<number, CloseName>();
  /** Set once, when the session is over: sockets that come in late close with it. */
  ended: CloseName | null = null;
  private readonly batch = new Batch();
  /** Outlets that left the shared path: what is accepted is offered to each of them. */
  private readonly behind = new Map<Outlet, Member>();
  /** What went out on the shared path since its sockets were last looked at. */
  private uncheckedBytes = 0;
  private settings: RelaySession;
  private settledAt = -Infinity;
  private currentHost: Host;

  constructor(
    session: RelaySession,
    /** Names the numbering of this room's reliable entries. */
    readonly epoch: string,
    readonly copy: HomeCopy,
    private readonly deps: RoomDeps,
  ) {
    this.id = session.id;
    this.topic = session.id;
    this.settings = session;
    this.currentHost = session.host;
    this.replay = new ReplayWindow(deps.replayBounds);
  }

  get session(): RelaySession {
    return this.settings;
  }

  /** When the settings were taken last, in monotonic milliseconds: an older answer of the store is old news. */
  get settledAtMs(): number {
    return this.settledAt;
  }

  get flushMs(): number | 'auto' {
    return this.settings.flushMs;
  }

  get host(): Host {
    return this.currentHost;
  }

  roleOf(index: number): Role {
    return this.currentHost.index === index ? 'host' : 'client';
  }

  /**
   * Appends one message to the session's order. `targets` were checked; null is everybody else.
   * Returns the entry's number for class reliable, 0 for the others.
   */
  append(
    sender: number,
    deliveryClass: DeliveryClass,
    key: number,
    targets: Uint16Array | null,
    payload: Uint8Array,
  ): number {
    let seq = 0;
    if (deliveryClass === CLASS.reliable) {
      const { clock } = this.deps;
      seq = this.replay.append(sender, targets, payload, clock.monotonicMs(), this.settings.resumeWindowMs);
    }
    this.deps.tallies.entriesRelayed += 1;
    const keyOrSeq = deliveryClass === CLASS.latest ? key : seq;
    if (targets !== null) this.deliverTargeted(sender, deliveryClass, keyOrSeq, targets, payload);
    else this.deliverToAll(sender, deliveryClass, keyOrSeq, payload);
    return seq;
  }

  /** An entry of the backend's. Rejects (throws) with `unknown_member` or `store_unavailable`. */
  acceptFromBackend(message: {
    readonly deliveryClass: DeliveryClass;
    readonly key: number;
    readonly targets: readonly number[] | null;
    readonly payload: Uint8Array;
  }): { readonly seq: number | null; readonly receivers: number } {
    const { deliveryClass, key, targets, payload } = message;
    if (targets?.some((index) => !this.members.has(index)) === true) throw new Failure('unknown_member');
    // The answer is an ack, whatever the class.
    if (!this.deps.mayNumber()) {
      throw new Failure('store_unavailable', { retryAfterS: 1 });
    }
    const seq = this.append(
      BACKEND_INDEX,
      deliveryClass,
      key,
      targets === null ? null : Uint16Array.from(targets),
      payload,
    );
    return {
      seq: deliveryClass === CLASS.reliable ? seq : null,
      receivers: targets === null ? this.members.size : new Set(targets).size,
    };
  }

  /** Sends what waits. A batch with a single sender never goes back to it. */
  flush(): void {
    if (this.batch.isEmpty) return;
    const { frame, onlySender } = this.batch.take();
    this.deps.tallies.batchesOut += 1;
    this.publish(frame, onlySender === null ? null : (this.members.get(onlySender)?.outlet ?? null));
  }

  /** A socket takes the seat, or took it for nothing: what the store says of it from now on names this connection. */
  takeSeat(member: Member, connection: number): void {
    member.connection = connection;
    member.seatedAtMs = this.deps.clock.monotonicMs();
  }

  /** The way out to a member's new socket. The older one, if any, must be detached before. */
  attach(member: Member, socket: ClientSocket): Outlet {
    const owner = {
      onBehind: (behind: Outlet) => {
        this.flush();
        this.behind.set(behind, member);
      },
      onCaughtUp: (caughtUp: Outlet) => {
        this.flush();
        this.behind.delete(caughtUp);
      },
      onDropped: () => {
        member.dropped += 1;
      },
    };
    const outlet = new Outlet(socket, this.topic, owner, this.deps);
    member.outlet = outlet;
    return outlet;
  }

  /** The member has no socket any more; gives what it had, which can only be closed. */
  detach(member: Member): Outlet | null {
    const { outlet } = member;
    member.outlet = null;
    if (outlet === null) return null;
    this.behind.delete(outlet);
    outlet.letGo();
    return outlet;
  }

  /** Lets those who are behind go on or give up; for when the engine does not say that there is room. */
  checkBehind(): void {
    for (const outlet of this.behind.keys()) outlet.check();
  }

  /** A control frame to everybody (but one), in order with the entries accepted before it. */
  announce(frame: StatelessControl, except: Member | null = null): void {
    this.announceText(encodeControl(frame), except);
  }

  /** The same of a frame that is encoded already. */
  announceText(text: string, except: Member | null = null): void {
    this.flush();
    const without = except?.outlet ?? null;
    for (const outlet of this.behind.keys()) {
      if (outlet !== without) outlet.send(text);
    }
    this.publish(text, without);
  }

  /** Takes the host as the store said it; an older term than the one known is old news. */
  applyHost(host: Host): void {
    if (host.term < this.currentHost.term) return;
    const changed = host.term !== this.currentHost.term || host.index !== this.currentHost.index;
    this.currentHost = host;
    if (changed) this.announce({ type: 'host', index: host.index, term: host.term });
  }

  /** Takes new settings and tells the members. */
  applySettings(session: RelaySession): void {
    this.takeSettings(session);
    this.announceSettings();
  }

  announceSettings(): void {
    this.announce({ type: 'session.updated', session: this.sessionView() });
  }

  takeSettings(session: RelaySession): void {
    this.copy.prolong(session.expiresAtMs - this.settings.expiresAtMs);
    this.settings = session;
    this.settledAt = this.deps.clock.monotonicMs();
  }

  /** The member is gone for good: its socket closes with `close` (null: it has none), the others hear why. */
  dropMember(member: Member, reason: LeftReason, close: CloseName | null): boolean {
    if (this.members.get(member.index) !== member) return false;
    this.flush();
    this.members.delete(member.index);
    member.departure?.cancel();
    member.departure = null;
    member.watch?.stop();
    const outlet = this.detach(member);
    if (close !== null) outlet?.close(close);
    this.announce({ type: 'member.left', index: member.index, reason });
    return outlet !== null;
  }

  sessionView(): SessionView {
    const { id, metadata, maxUsers, expiresAtMs, locked } = this.settings;
    return { id, metadata, max_users: maxUsers, expires_at: expiresAtMs, locked };
  }

  memberView(member: Member): PresentMember {
    const { index, userId, outlet, state } = member;
    return { index, user_id: userId, role: this.roleOf(index), connected: outlet !== null, state };
  }

  statuses(): readonly MemberStatus[] {
    return [...this.members.values()].map(({ index, userId, outlet, state, joinedAtMs, dropped }) => ({
      index,
      userId,
      role: this.roleOf(index),
      connected: outlet !== null,
      state,
      joinedAtMs,
      dropped,
    }));
  }

  private deliverToAll(sender: number, deliveryClass: DeliveryClass, keyOrSeq: number, payload: Uint8Array): void {
    if (this.behind.size > 0) this.offerToBehind(sender, deliveryClass, false, keyOrSeq, null, payload);
    const wasEmpty = this.batch.isEmpty;
    this.batch.append(sender, deliveryClass, keyOrSeq, payload);
    if (this.batch.isFull) this.flush();
    else if (wasEmpty) this.deps.schedule.mark(this);
  }

  /** What waits for everybody goes first, so that each target sees the session's order. */
  private deliverTargeted(
    sender: number,
    deliveryClass: DeliveryClass,
    keyOrSeq: number,
    targets: Uint16Array,
    payload: Uint8Array,
  ): void {
    this.flush();
    if (this.behind.size > 0) this.offerToBehind(sender, deliveryClass, true, keyOrSeq, targets, payload);
    const frame = encodeBatchFrame([{ sender, deliveryClass, targeted: true, key: keyOrSeq, seq: keyOrSeq, payload }]);
    this.deps.tallies.batchesOut += 1;
    for (const index of new Set(targets)) {
      const outlet = index === sender ? null : (this.members.get(index)?.outlet ?? null);
      if (outlet !== null && !this.behind.has(outlet)) outlet.send(frame);
    }
  }

  private offerToBehind(
    sender: number,
    deliveryClass: DeliveryClass,
    targeted: boolean,
    keyOrSeq: number,
    targets: Uint16Array | null,
    payload: Uint8Array,
  ): void {
    const entry = { sender, deliveryClass, targeted, keyOrSeq, payload };
    for (const [outlet, { index }] of this.behind) {
      if (index !== sender && (targets === null || targets.includes(index))) outlet.offer(entry);
    }
  }

  /** One write for the engine, whoever is in the topic. Looks after the sockets' buffers each so many bytes. */
  private publish(frame: string | Uint8Array, except: Outlet | null): void {
    if (except !== null) except.publishToOthers(frame);
    else this.deps.broadcaster.publish(this.topic, frame);
    this.uncheckedBytes += frame.length;
    if (this.uncheckedBytes < this.deps.outletBounds.softBytes / 2) return;
    this.uncheckedBytes = 0;
    // Not now: the engine writes what was published at the end of the turn, and only then knows who does not read.
    this.deps.clock.endOfTurn(this.checkAll);
  }

  private readonly checkAll = (): void => {
    for (const { outlet } of this.members.values()) outlet?.check();
  };
}
