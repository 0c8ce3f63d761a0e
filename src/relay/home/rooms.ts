/**
 * The rooms of this node. A room opens when the first socket or backend message needs it; if the session's home is
 * dead, this node claims the session. An empty room is let go. This class owns the map and the pins, and nothing
 * else.
 */
import { randomBase62 } from '../../lib/base62.js';
import type { CloseName } from '../../protocol/close-codes.js';
import { Failure } from '../../protocol/failure.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';
import type { Tallies } from '../../ports/metrics.js';
import type { Placement } from '../../ports/placement.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';
import type { Host } from '../../ports/relay-session.js';
import type { OpenedLog } from '../../ports/durable-log.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { UserSessionWatches } from '../../ports/user-session-watches.js';
import { BoundMember } from './bound-member.js';
import { homeElsewhere } from './home-elsewhere.js';
import { hostNow } from './host-now.js';
import { HomeCopy } from '../room/home-copy.js';
import type { Member } from '../room/member.js';
import type { Departures } from './departures.js';
import type { RoomLedger } from './room-ledger.js';
import { Room, type RoomDeps, type RoomOwner } from '../room/room.js';
import { newestBefore, type DurableRooms } from './durable-rooms.js';

export interface RoomsDeps {
  readonly store: RelayStore;
  readonly placement: Placement;
  readonly crypto: Crypto;
  readonly departures: Departures;
  readonly watches: UserSessionWatches;
  readonly durable: DurableRooms;
  readonly ledger: Pick<RoomLedger, 'note' | 'onClosed'>;
  readonly tallies: Pick<Tallies, 'failovers'>;
  readonly room: RoomDeps;
}

export class Rooms implements RoomOwner {
  private readonly rooms = new Map<SessionId, Room>();
  private readonly opening = new Map<SessionId, Promise<Room>>();
  /** How many callers keep each room open although it may have no member yet. */
  private readonly pins = new Map<Room, number>();

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
   * `session_not_linked`, `home_elsewhere` or `store_unavailable`.
   */
  async open(id: SessionId): Promise<Room> {
    for (;;) {
      const live = this.rooms.get(id);
      if (live !== undefined) {
        this.pin(live);
        return live;
      }
      const opening = this.opening.get(id) ?? this.load(id);
      await opening;
    }
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
    if (this.rooms.get(room.id) === room) this.forget(room.id);
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
    const room = this.rooms.get(id);
    if (room === undefined) return 0;
    this.forget(id);
    return room.end(close);
  }

  private forget(id: SessionId): void {
    this.rooms.delete(id);
    this.deps.ledger.onClosed(id);
  }

  private pin(room: Room): void {
    this.pins.set(room, (this.pins.get(room) ?? 0) + 1);
  }

  private load(id: SessionId): Promise<Room> {
    const loading = this.loadOnce(id).finally(() => this.opening.delete(id));
    this.opening.set(id, loading);
    return loading;
  }

  private async loadOnce(id: SessionId): Promise<Room> {
    const { crypto, departures, watches, placement, durable, room: roomDeps } = this.deps;
    const newEpoch = randomBase62(crypto, 8);
    const claimed = await this.becomeHome(id);
    const log = await this.noteAndOpenLog(claimed, newEpoch);
    // While the log was read, users may have been removed.
    const { session, seats } = log === null ? claimed : await this.readAgain(claimed);
    const copy = new HomeCopy(roomDeps.clock.monotonicMs(), session.expiresAtMs - placement.storeNowMs());
    copy.begin(seats);
    const room = new Room(session, log?.epoch ?? newEpoch, copy, this, roomDeps);
    if (log !== null) durable.attach(room, log, { onMoved: () => this.end(id, 'moved') });
    // Members that were connected to a home that is gone: the store knows them, and they have no socket here.
    for (const { userId, token, member } of seats) {
      if (member === null) continue;
      const { awayUntilMs, ...taken } = member;
      const watch = member.userSessionId === null ? null : watches.watch(member.userSessionId);
      const seat = { ...taken, userId, token, mintedFrom: null, resumeHashes: [], watch };
      const leftMs = departures.leftOf(session.resumeWindowMs, awayUntilMs);
      const away = room.expect(seat, leftMs, log === null ? 0 : newestBefore(log, member.joinedAtMs));
      watch?.begin(new BoundMember(departures, room, away));
    }
    this.rooms.set(id, room);
    return room;
  }

  private async readAgain({ session }: SessionWithSeats): Promise<SessionWithSeats> {
    const found = await this.deps.store.get(session.id, 'all');
    if (found === null) throw new Failure('session_not_found');
    if (found.session.homeEpoch !== session.homeEpoch) throw homeElsewhere(null);
    return found;
  }

  private async noteAndOpenLog({ session }: SessionWithSeats, newEpoch: string): Promise<OpenedLog | null> {
    const { ledger, durable } = this.deps;
    try {
      await ledger.note(session.id);
      return session.durability === 'redis' ? await durable.open(session, newEpoch) : null;
    } catch (error) {
      ledger.onClosed(session.id);
      throw error;
    }
  }

  private async becomeHome(id: SessionId): Promise<SessionWithSeats> {
    const { store, placement, tallies } = this.deps;
    const found = await store.get(id, 'all');
    if (found === null) throw new Failure('session_not_found');
    const { homeNodeId, error } = found.session;
    if (homeNodeId === placement.self) return found;
    if (error !== null) throw new Failure('session_not_linked', { retryAfterS: 1 });
    if (homeNodeId !== null) {
      // While the home's lease may still hold, this waits: a client that comes back at once finds its session soon.
      const isGone = await placement.isGone(homeNodeId);
      // A home that this node does not hear has renewed its lease meanwhile: it lives, and clients may reach it.
      if (!isGone) throw homeElsewhere(placement.find(homeNodeId));
    }
    const claimed = await store.claimHome(id, found.session, placement.self);
    if (claimed === null) throw homeElsewhere(null);
    if (homeNodeId !== null) tallies.failovers += 1;
    return claimed;
  }
}
