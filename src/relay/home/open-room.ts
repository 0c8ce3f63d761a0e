/** Opens the room of a session whose home this node has become. Its members are away: their sockets were elsewhere. */
import { randomBase62 } from '../../lib/base62.js';
import type { CloseName } from '../../protocol/close-codes.js';
import { Failure } from '../../protocol/failure.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Crypto } from '../../ports/crypto.js';
import type { OpenedLog } from '../../ports/durable-log.js';
import type { Placement } from '../../ports/placement.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { UserSessionWatches } from '../../ports/user-session-watches.js';
import { HomeCopy } from '../room/home-copy.js';
import { Room, type RoomDeps, type RoomOwner } from '../room/room.js';
import { BoundMember } from './bound-member.js';
import { pastOf, refill } from './carried-room.js';
import type { Departures } from './departures.js';
import { newestBefore, type DurableRooms } from './durable-rooms.js';
import type { CarriedRoom } from './hand-over-calls.js';
import { homeElsewhere } from './home-elsewhere.js';
import type { RoomLedger } from './room-ledger.js';

export interface OpenRoomDeps {
  readonly store: RelayStore;
  readonly placement: Pick<Placement, 'storeNowMs'>;
  readonly crypto: Crypto;
  readonly departures: Departures;
  readonly watches: UserSessionWatches;
  readonly durable: DurableRooms;
  readonly ledger: Pick<RoomLedger, 'note' | 'onClosed'>;
  readonly room: RoomDeps;
}

export interface RoomKeeper extends RoomOwner {
  /** Closes every socket of the session with `close` and forgets the room. */
  end(id: SessionId, close: CloseName): number;
}

/**
 * `carried`: what the home before gave; null: it is gone. Then a durable room goes on with its log, and another one
 * begins a new epoch. Rejects with `session_not_found`, `home_elsewhere` or `store_unavailable`.
 */
export async function openRoom(
  deps: OpenRoomDeps,
  owner: RoomKeeper,
  claimed: SessionWithSeats,
  carried: CarriedRoom | null,
): Promise<Room> {
  const { ledger, crypto, durable } = deps;
  const { session } = claimed;
  const newEpoch = carried?.epoch ?? randomBase62(crypto, 8);
  try {
    await ledger.note(session.id);
    if (session.durability !== 'redis') return makeRoom(deps, owner, claimed, newEpoch, carried, null);
    const log = await durable.open(session, newEpoch);
    // While the log was read, users may have been removed.
    return makeRoom(deps, owner, await readAgain(deps, claimed), log.epoch, carried, log);
  } catch (error) {
    ledger.onClosed(session.id);
    throw error;
  }
}

function makeRoom(
  deps: OpenRoomDeps,
  owner: RoomKeeper,
  { session, seats }: SessionWithSeats,
  epoch: string,
  carried: CarriedRoom | null,
  log: OpenedLog | null,
): Room {
  const { placement, departures, watches, durable, room: roomDeps } = deps;
  const nowMs = roomDeps.clock.monotonicMs();
  const copy = new HomeCopy(nowMs, session.expiresAtMs - placement.storeNowMs());
  copy.begin(seats);
  const room = new Room(session, epoch, copy, owner, roomDeps);
  if (carried !== null) copy.indexGiven(carried.nextIndex - 1);
  if (log !== null) durable.attach(room, log, { onMoved: () => owner.end(session.id, 'moved') });
  else if (carried !== null) refill(room, carried, nowMs);
  const known = new Map(carried?.members.map((member) => [member.index, member]));
  for (const { userId, token, member } of seats) {
    if (member === null) continue;
    const { awayUntilMs, ...taken } = member;
    const before = known.get(member.index);
    const watch = member.userSessionId === null ? null : watches.watch(member.userSessionId);
    const seat = {
      ...taken,
      userId,
      token,
      mintedFrom: before?.mintedFrom ?? null,
      resumeHashes: [],
      metadata: null,
      watch,
    };
    const firstSeq = log === null ? 0 : newestBefore(log, member.joinedAtMs);
    const leftMs = departures.leftOf(session.resumeWindowMs, awayUntilMs);
    const away = room.expect(seat, leftMs, pastOf(before, firstSeq));
    watch?.begin(new BoundMember(departures, room, away));
  }
  return room;
}

async function readAgain({ store }: OpenRoomDeps, { session }: SessionWithSeats): Promise<SessionWithSeats> {
  const found = await store.get(session.id, 'all');
  if (found === null) throw new Failure('session_not_found');
  if (found.session.homeEpoch !== session.homeEpoch) throw homeElsewhere(null);
  return found;
}
