/**
 * A room: the live, in-memory half of a relay session on its home node. It owns the members, the store's last word on
 * the host, the batch and the replay window, and it gives entries their order. Nothing else changes a member. It
 * calls no store, decodes nothing, and does not decide who may join.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import type { SessionId } from '../../protocol/ids.js';
import { encodeMemberJoined, encodeMemberState, type StateText } from '../../protocol/presence.js';
import { encodeControl, type LeftReason, type Role, type StatelessControl } from '../../protocol/server-control.js';
import { CLASS, type DeliveryClass } from '../../protocol/wire.js';
import type { Clock } from '../../ports/clock.js';
import type { Host, RelaySession } from '../../ports/relay-session.js';
import type { ClientSocket } from '../../ports/socket.js';
import type { DurableQueue } from './durable-queue.js';
import { FanOut, type FanOutDeps } from './fan-out.js';
import type { Flushable } from './flush-schedule.js';
import type { HomeCopy } from './home-copy.js';
import type { FrameHold } from './frame-hold.js';
import type { LeavingReason, Member, MemberPast, SeatTaken } from './member.js';
import type { MemberRoom, MembersByUser } from './members-by-user.js';
import type { Outlet } from './outlet.js';
import { ReplayWindow, type ReplayBounds } from './replay-window.js';
import { Roster } from './roster.js';
import { Settings } from './settings.js';
import { TopicAudience, type TopicAudienceDeps } from './topic-audience.js';
import { viewOfSession } from './views.js';

export interface RoomDeps extends TopicAudienceDeps, FanOutDeps {
  readonly clock: Clock;
  readonly replayBounds: ReplayBounds;
  readonly membersByUser: MembersByUser;
}

/** Calls from a room to the home that keeps it. */
export interface RoomOwner {
  /** The resume window of a member has passed; the member is still away. */
  onWindowPassed(room: Room, member: Member): void;
  /** The last member has gone. */
  onEmpty(room: Room): void;
}

/** A member with its new socket. Until the room's `begin`, only the caller's frames go to it. */
export interface ConnectedMember {
  readonly member: Member;
  readonly outlet: Outlet;
}

/** A room with so many members gathers its announcements about members. */
const LARGE_ROOM = 64;

export class Room implements Flushable, MemberRoom {
  readonly id: SessionId;
  readonly replay: ReplayWindow;
  /** The queue in which the entries of a durable session wait; null: the session is not durable, and nothing waits. */
  durable: DurableQueue | null = null;
  /** Where members' frames wait while the session moves to another node; null: the room takes them. Set by `freeze`. */
  hold: FrameHold | null = null;
  /** Members that were removed while a socket of theirs may still be on its way in. */
  private readonly removed = new Map<number, CloseName>();
  private readonly roster: Roster;
  private readonly sockets: TopicAudience;
  /** Everything that the room sends goes through here. */
  private readonly fanOut: FanOut;
  private readonly settings: Settings;
  private endedBy: CloseName | null = null;

  constructor(
    session: RelaySession,
    /** Names the numbering of this room's reliable entries. */
    readonly epoch: string,
    readonly copy: HomeCopy,
    private readonly owner: RoomOwner,
    private readonly deps: RoomDeps,
  ) {
    this.id = session.id;
    this.settings = new Settings(session, copy, deps.clock);
    this.replay = new ReplayWindow(deps.replayBounds);
    this.sockets = new TopicAudience(
      session.id,
      { flush: () => this.flush(), onDropped: (index) => this.onDropped(index) },
      deps,
    );
    this.fanOut = new FanOut(this.sockets, this, deps);
    this.roster = new Roster({
      room: this,
      membersByUser: deps.membersByUser,
      clock: deps.clock,
      releaseOutlet: (index) => this.sockets.leave(index),
      onWindowPassed: (member) => this.owner.onWindowPassed(this, member),
    });
  }

  get members(): ReadonlyMap<number, Member> {
    return this.roster.members;
  }

  /** How many members read too slowly to share the room's frames. */
  get slowMembers(): number {
    return this.sockets.slowCount;
  }

  /** Bytes that wait for these members, without what their sockets buffer. */
  get backlogBytes(): number {
    return this.sockets.backlogBytes();
  }

  /** Why the session is over: sockets that arrive late are closed with it. null while the session lives. */
  get ended(): CloseName | null {
    return this.endedBy;
  }

  get session(): RelaySession {
    return this.settings.session;
  }

  /**
   * When the settings were last taken, in monotonic milliseconds. An answer that the store gave earlier is out of
   * date.
   */
  get settledAtMs(): number {
    return this.settings.settledAtMs;
  }

  get flushMs(): number | 'auto' {
    return this.session.flushMs;
  }

  get host(): Host {
    return this.settings.host;
  }

  roleOf(index: number): Role {
    return this.settings.roleOf(index);
  }

  /** The close for a socket of this member that arrives now; null: it may come in. */
  closeFor(index: number, connection: number): CloseName | null {
    const close = this.endedBy ?? this.removed.get(index) ?? (this.hold === null ? null : 'going_away');
    if (close !== null) return close;
    const known = this.members.get(index);
    return known !== undefined && known.connection > connection ? 'replaced' : null;
  }

  /**
   * Gives the member this socket and closes its older one. The others hear that the member joined or is back. A seat
   * that the room does not know makes a new member. `closeFor` must have allowed the socket.
   */
  admit(seat: SeatTaken, socket: ClientSocket): ConnectedMember {
    const known = this.roster.members.get(seat.index);
    const older = known === undefined ? null : this.roster.disconnect(known);
    this.flush();
    older?.close('replaced');
    const outlet = this.sockets.join(seat.index, socket);
    const member = this.roster.connect(seat, outlet, this.replay.seq);
    this.copy.indexGiven(seat.index);
    if (known === undefined) this.announceMember(member, encodeMemberJoined(member.view(this.roleOf(member.index))));
    else if (older === null) this.announceMember(member, encodeControl({ type: 'member.back', index: member.index }));
    return { member, outlet };
  }

  /** The member has its welcome and what it missed: from now on its outlet gets what the room sends. */
  begin({ outlet }: ConnectedMember): void {
    this.fanOut.begin(outlet);
  }

  /**
   * Adds a member of the store whose socket was on another home. It is away for the rest of its resume window. `past` is
   * what that home knew of it.
   */
  expect(seat: SeatTaken, leftMs: number, past: MemberPast): Member {
    this.copy.indexGiven(seat.index);
    return this.roster.addAway(seat, leftMs, past);
  }

  /** The session moves to another node: from now on the room numbers nothing, and members' frames wait in `hold`. */
  freeze(hold: FrameHold): void {
    this.flush();
    this.fanOut.release();
    this.hold = hold;
  }

  /** The member has no socket any more. Its resume window begins, or begins anew. The others are told nothing. */
  keep(member: Member, leftMs: number): void {
    const live = this.roster.find(member);
    if (live !== null) this.roster.keep(live, leftMs);
  }

  /** The member goes for good; `drop` follows. Its socket is closed with `close`. Returns whether there was one. */
  leave(member: Member, reason: LeavingReason, close: CloseName | null): boolean {
    const live = this.roster.find(member);
    if (live === null) return false;
    this.flush();
    const outlet = this.roster.disconnect(live);
    if (close !== null) outlet?.close(close);
    live.settle({ kind: 'leaving', reason });
    return outlet !== null;
  }

  /**
   * The member is gone. Its socket is closed with `close`, and the others hear the reason. A kicked member hears it
   * too. Returns whether there was a socket.
   */
  drop(member: Member, reason: LeftReason, close: CloseName | null, detail: string | null = null): boolean {
    const live = this.roster.find(member);
    if (live === null) return false;
    this.flush();
    const text = encodeControl({ type: 'member.left', index: live.index, detail: detail ?? undefined, reason });
    if (reason === 'kicked') live.outlet?.send(text);
    const outlet = this.roster.remove(live);
    if (close !== null) outlet?.close(close);
    if (reason === 'left' || reason === 'timeout') this.announceMember(live, text);
    else this.announceText(text);
    if (this.members.size === 0) this.owner.onEmpty(this);
    return outlet !== null;
  }

  /**
   * The store removed the member with this index. The member goes, and so does any socket of it that is still on its
   * way in.
   */
  remove(index: number, reason: Extract<LeftReason, CloseName>, detail: string | null = null): boolean {
    this.removed.set(index, reason);
    const member = this.members.get(index);
    return member !== undefined && this.drop(member, reason, reason, detail);
  }

  /** Forgets the removed members, once none of their sockets can still be on its way in. */
  forgetRemoved(): void {
    this.removed.clear();
  }

  wasRemoved(index: number): boolean {
    return this.removed.has(index);
  }

  /** The session is over: every socket is closed with `close`. Returns how many there were. */
  end(close: CloseName): number {
    this.flush();
    this.fanOut.release();
    this.durable?.stop();
    this.endedBy = close;
    const outlets = [...this.roster.members.values()].map((member) => this.roster.remove(member));
    for (const outlet of outlets) outlet?.close(close);
    return outlets.filter((outlet) => outlet !== null).length;
  }

  /** The store counted one more socket for the seat. From now on, calls about the seat carry this number. */
  takeSeat(member: Member, connection: number): void {
    const live = this.roster.find(member);
    if (live !== null) this.roster.takeSeat(live, connection);
  }

  setState(member: Member, state: StateText): void {
    const live = this.roster.find(member);
    if (live === null) return;
    live.state = state;
    const text = encodeMemberState(live.index, state);
    if (this.fanOut.isAnnouncing(live.index)) this.fanOut.announceSoon(text, live.index, live.index);
    else this.announceText(text, live);
  }

  /** The others hear that the member has lost its socket. */
  announceAway(member: Member): void {
    this.announceMember(member, encodeControl({ type: 'member.away', index: member.index }));
  }

  /** Takes the hashes that the store has for a member that another home admitted. */
  learnResumeHashes(member: Member, hashes: readonly string[]): void {
    const live = this.roster.find(member);
    if (live !== null && live.resumeHashes.length === 0) live.resumeHashes = hashes;
  }

  /**
   * Appends one message to the session's order, after what waits in `durable`. The caller has checked `targets`; null: everybody else. Returns the
   * entry's number for class reliable, 0 for the others.
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
      seq = this.replay.append(sender, targets, payload, clock.monotonicMs(), this.session.resumeWindowMs);
    }
    this.deps.tallies.entriesRelayed += 1;
    const keyOrSeq = deliveryClass === CLASS.latest ? key : seq;
    if (targets !== null) this.fanOut.deliverTargeted(sender, deliveryClass, keyOrSeq, targets, payload);
    else this.fanOut.deliverToAll(sender, deliveryClass, keyOrSeq, payload);
    return seq;
  }

  /**
   * Sends the waiting batch. A batch with a single sender never goes back to it. What waits for the store is sent to
   * the store, before what the caller asks of it.
   */
  flush(): void {
    this.fanOut.flush();
    this.durable?.send();
  }

  /**
   * Sends more to slow members, or closes them. Called regularly, because the engine does not always report a drained
   * buffer.
   */
  checkSlow(): void {
    this.sockets.checkSlow();
  }

  /** Sends a control frame to everybody but `except`, after the entries accepted before it. */
  announce(frame: StatelessControl, except: Member | null = null): void {
    this.announceText(encodeControl(frame), except);
  }

  /** Takes over the host that the store named, unless its term is older than the known one. */
  applyHost(host: Host): void {
    if (this.settings.takeHost(host)) this.announce({ type: 'host', index: host.index, term: host.term });
  }

  /** Takes new settings and tells the members. */
  applySettings(session: RelaySession): void {
    this.takeSettings(session);
    this.announceSettings();
  }

  announceSettings(): void {
    this.announce({ type: 'session.updated', session: viewOfSession(this.session) });
  }

  takeSettings(session: RelaySession): void {
    this.settings.take(session);
  }

  private onDropped(index: number): void {
    const member = this.roster.members.get(index);
    if (member !== undefined) member.dropped += 1;
  }

  /** Tells everybody about a member: at once, or in a large room within 50 ms. */
  private announceMember({ index }: Member, text: string): void {
    if (this.members.size < LARGE_ROOM) this.announceText(text);
    else this.fanOut.announceSoon(text, index, null);
  }

  private announceText(text: string, except: Member | null = null): void {
    this.fanOut.announce(text, except?.index ?? null);
  }
}
