/**
 * The rooms of this node. A room opens when the first socket or backend message needs it; if the session's home is
 * dead, this node claims the session. An empty room is let go. This class owns the map and the pins, and nothing
 * else.
 */
import type { CloseName } from '../../protocol/close-codes.js';
import { Failure } from '../../protocol/failure.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import type { Tallies } from '../../ports/metrics.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { Placement } from '../../ports/placement.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';
import type { Host } from '../../ports/relay-session.js';
import { homeElsewhere } from './home-elsewhere.js';
import { MOVE_HERE } from './hand-over-calls.js';
import { hostNow } from './host-now.js';
import type { HomeCopy } from '../room/home-copy.js';
import type { Member } from '../room/member.js';
import { openRoom, type OpenRoomDeps } from './open-room.js';
import type { Room, RoomOwner } from '../room/room.js';

/** An order comes within a second of the store's decision, or is reported as timed out. */
const ORDER_WITHIN_MS = 2_000;

export interface RoomsDeps extends OpenRoomDeps {
  readonly placement: Placement;
  readonly tallies: Pick<Tallies, 'failovers'>;
  readonly calls: Pick<NodeCalls, 'ask'>;
}

/** The home is alive and drains: it hands the session over to a node that asks. */
class HomeDrains extends Error {
  constructor(readonly home: NodeId) {
    super(`${home} drains`);
  }
}

export class Rooms implements RoomOwner {
  private readonly rooms = new Map<SessionId, Room>();
  private readonly opening = new Map<SessionId, Promise<Room>>();
  /** How many callers keep each room open although it may have no member yet. */
  private readonly pins = new Map<Room, number>();
  /** Rooms of sessions that are not here any more, whose sockets still are. */
  private readonly aside = new Map<SessionId, Room>();
  /** Copies of rooms that were let go before the order came whose report counts a socket of theirs. */
  private readonly closedEarly = new Map<SessionId, HomeCopy>();

  constructor(private readonly deps: RoomsDeps) {}

  get size(): number {
    return this.rooms.size;
  }

  all(): IterableIterator<Room> {
    return this.rooms.values();
  }

  find(id: SessionId): Room | null {
    return this.rooms.get(id) ?? null;
  }

  /**
   * The room, pinned until `release`. A live room needs no store call. Rejects with `session_not_found`,
   * `session_not_linked`, `home_elsewhere`, `home_unreachable`, `draining` or `store_unavailable`. A session whose home drains
   * is asked for; a room that moves away is waited for.
   */
  async open(id: SessionId): Promise<Room> {
    let freedBy: NodeId | null = null;
    for (;;) {
      const live = this.rooms.get(id);
      if (live?.hold === null) {
        this.pin(live);
        return live;
      }
      try {
        await (live?.hold?.released ?? this.opening.get(id) ?? this.load(id, freedBy));
      } catch (error) {
        if (!(error instanceof HomeDrains) || freedBy !== null) throw error;
        freedBy = await this.askFor(id, error.home);
      }
    }
  }

  /**
   * Opens the room of a session that its old home hands over. `claim` makes this node the home and gives the room; null:
   * it could not. Callers of `open` wait meanwhile. Returns whether the room is open.
   */
  async takeOver(id: SessionId, claim: () => Promise<Room | null>): Promise<boolean> {
    for (let other = this.opening.get(id); other !== undefined; other = this.opening.get(id)) {
      await other.catch(() => undefined);
    }
    const claiming = claim().then((room) => {
      if (room === null) throw homeElsewhere(null);
      // A room that is here is left from a time when this node was the home, too.
      this.end(id, 'moved');
      this.rooms.set(id, room);
      return room;
    });
    try {
      this.letGo(await this.openBy(id, claiming));
      return true;
    } catch (error) {
      if (Failure.is(error, 'home_elsewhere')) return false;
      throw error;
    }
  }

  /** The session has moved, or nobody took it: this room takes nothing more, and is kept until its sockets are closed. */
  setAside(room: Room): void {
    room.durable?.stop();
    if (this.rooms.get(room.id) === room) this.forget(room.id);
    this.aside.set(room.id, room);
  }

  /** The sockets of a room that was set aside are closed. */
  closeAside(room: Room): void {
    room.end('going_away');
    if (this.aside.get(room.id) === room) this.aside.delete(room.id);
  }

  /** The room with sockets of the session on this node, even when the session has moved. */
  findSockets(id: SessionId): Room | null {
    return this.rooms.get(id) ?? this.aside.get(id) ?? null;
  }

  /** Gives a pin back. The last one lets an empty room go. */
  release(room: Room): void {
    const pins = (this.pins.get(room) ?? 1) - 1;
    if (pins > 0) {
      this.pins.set(room, pins);
      return;
    }
    this.pins.delete(room);
    room.forgetRemoved();
    this.letGo(room);
  }

  /** Lets the room go if it has no member and no pin. */
  letGo(room: Room): void {
    if (room.members.size > 0 || this.pins.has(room)) return;
    room.flush();
    room.durable?.stop();
    if (room.copy.awaitsOrders) this.keepForOrders(room.id, room.copy);
    if (this.rooms.get(room.id) === room) this.forget(room.id);
  }

  /** Whether a check closed the socket of a room that is gone, before the order came. True only once. */
  wasClosedEarly(id: SessionId, index: number): boolean {
    return this.closedEarly.get(id)?.wasClosedEarly(index) ?? false;
  }

  onWindowPassed(room: Room, member: Member): void {
    this.deps.departures.leave(room, member, 'timeout', null);
  }

  onEmpty(room: Room): void {
    this.letGo(room);
  }

  /** The host that the store names now; null when the session is gone. */
  hostNow(room: Room): Promise<Host | null> {
    return hostNow(this.deps.store, room.id);
  }

  /** Closes every socket of the session with `close` and forgets the room. Returns how many sockets there were. */
  end(id: SessionId, close: CloseName): number {
    const room = this.findSockets(id);
    if (room === null) return 0;
    this.forget(id);
    return room.end(close);
  }

  private keepForOrders(id: SessionId, copy: HomeCopy): void {
    this.closedEarly.set(id, copy);
    this.deps.room.clock.after(ORDER_WITHIN_MS, () => {
      if (this.closedEarly.get(id) === copy) this.closedEarly.delete(id);
    });
  }

  private forget(id: SessionId): void {
    this.rooms.delete(id);
    this.deps.ledger.onClosed(id);
  }

  /** Asks a draining home to hand the session over now. Returns the node whose session may be claimed. */
  private async askFor(id: SessionId, home: NodeId): Promise<NodeId | null> {
    const answer = await this.deps.calls.ask(MOVE_HERE, home, { sessionId: id });
    if (answer === 'kept') throw homeElsewhere(this.deps.placement.find(home));
    return answer === 'free' ? home : null;
  }

  private pin(room: Room): void {
    this.pins.set(room, (this.pins.get(room) ?? 0) + 1);
  }

  private load(id: SessionId, freedBy: NodeId | null): Promise<Room> {
    return this.openBy(id, this.loadOnce(id, freedBy));
  }

  private openBy(id: SessionId, opening: Promise<Room>): Promise<Room> {
    const settled = opening.finally(() => this.opening.delete(id));
    this.opening.set(id, settled);
    return settled;
  }

  private async loadOnce(id: SessionId, freedBy: NodeId | null): Promise<Room> {
    const room = await openRoom(this.deps, this, await this.becomeHome(id, freedBy), null);
    this.rooms.set(id, room);
    return room;
  }

  /** `freedBy`: a live node that has given the session up. */
  private async becomeHome(id: SessionId, freedBy: NodeId | null): Promise<SessionWithSeats> {
    const { store, placement, tallies } = this.deps;
    const found = await store.get(id, 'all');
    if (found === null) throw new Failure('session_not_found');
    const { homeNodeId, error } = found.session;
    const home = homeNodeId === null || homeNodeId === placement.self ? null : placement.reach(homeNodeId);
    if (home?.state === 'ready') throw homeElsewhere(home);
    // While this node drains, others may claim what it has no room of.
    if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
    if (homeNodeId === placement.self) return found;
    if (error !== null) throw new Failure('session_not_linked', { retryAfterS: 1 });
    if (homeNodeId !== null && homeNodeId !== freedBy) {
      if (home !== null) throw new HomeDrains(homeNodeId);
      // While the home's lease may still hold, this waits: a client that comes back at once finds its session soon.
      const isGone = await placement.isGone(homeNodeId);
      // A home that this node does not hear has renewed its lease meanwhile: it lives, and clients may reach it.
      if (!isGone) throw homeElsewhere(placement.find(homeNodeId));
      // The node may have begun to drain meanwhile.
      if (placement.draining()) throw new Failure('draining', { retryAfterS: 1 });
    }
    const claimed = await store.claimHome(id, found.session, placement.self);
    if (claimed === null) throw homeElsewhere(null);
    if (homeNodeId !== null && homeNodeId !== freedBy) tallies.failovers += 1;
    return claimed;
  }
}
