/**
 * A seat taken for a socket that does not exist yet. When the socket comes, the room makes the member or replaces its
 * older socket and tells the others. The socket gets its welcome, what it missed, and from then on live entries. All
 * this happens in one turn, so that no entry is lost in between.
 */
import type { AuthorizationToken } from '../../protocol/ids.js';
import type { Admission } from '../../ports/connect.js';
import type { Joined } from '../../ports/relay-join.js';
import { closedSocket, type ClientSocket, type SocketHandler } from '../../ports/socket.js';
import type { Watch } from '../../ports/user-session-watches.js';
import type { SeatTaken } from '../room/member.js';
import type { Room } from '../room/room.js';
import { BoundMember } from './bound-member.js';
import type { Departures } from './departures.js';
import { RelayConnection, type RelayConnectionDeps } from './relay-connection.js';
import type { Rooms } from './rooms.js';
import { seatNameOf } from './seat-name.js';
import type { Greeter, ResumePoint } from './welcome.js';

/** A join that the store has made, with what the doorway knows of it. */
export interface Join {
  readonly joined: Joined;
  readonly token: AuthorizationToken | null;
  /** The generation of the minted credential that opened the seat; null: another kind of credential did. */
  readonly mintedFrom: number | null;
  /** Hashes of the resume tokens: the welcome's, then the one that the client showed, if any. */
  readonly resumeHashes: readonly string[];
  /** The resume token for the welcome. */
  readonly resumeToken: string;
  /** null: the client showed no resume token. */
  readonly resume: ResumePoint | null;
  /** The watch on the user session that the seat is bound to; null when it is bound to none. */
  readonly watch: Watch | null;
  /** The backend's answer about the member, a JSON object as text; null: none. */
  readonly metadata: string | null;
}

export interface RelayAdmissionDeps {
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly greeter: Greeter;
  readonly connections: RelayConnectionDeps;
}

export class RelayAdmission implements Admission {
  readonly userId;
  readonly seatName: string;

  /** The room is pinned; the admission releases it. */
  constructor(
    private readonly deps: RelayAdmissionDeps,
    private readonly room: Room,
    private readonly join: Join,
  ) {
    this.userId = join.joined.userId;
    this.seatName = seatNameOf(room.id, join.joined.index);
  }

  open(socket: ClientSocket): SocketHandler {
    try {
      return this.enter(socket);
    } finally {
      this.deps.rooms.release(this.room);
    }
  }

  abandon(): void {
    this.giveBack();
    this.deps.rooms.release(this.room);
  }

  private enter(socket: ClientSocket): SocketHandler {
    const { room, join } = this;
    const { joined, watch } = join;
    const close = room.closeFor(joined.index, joined.connection);
    if (close !== null) {
      watch?.stop();
      socket.close(close);
      return closedSocket;
    }
    const { departures, greeter, connections } = this.deps;
    const connected = room.admit(seatOf(join), socket);
    const { member, outlet } = connected;
    try {
      room.applyHost(joined.host);
      greeter.greet(room, member, outlet, join.resumeToken, join.resume);
      room.begin(connected);
      const connection = new RelayConnection(connections, room, member, outlet);
      watch?.begin(new BoundMember(departures, room, member));
      return connection;
    } catch (error) {
      departures.socketLost(room, member);
      throw error;
    }
  }

  /**
   * Gives the seat back and leaves the room pinned. A new member leaves again. A known member stays away as before, or
   * keeps its older socket.
   */
  giveBack(): void {
    const { room, join } = this;
    const { departures } = this.deps;
    const { index, connection } = join.joined;
    join.watch?.stop();
    if (room.ended !== null || room.wasRemoved(index)) return;
    const known = room.members.get(index);
    if (known === undefined) {
      departures.leaveUnseen(room, { index, connection });
      return;
    }
    if (known.connection >= connection) return;
    room.takeSeat(known, connection);
    const { standing } = known;
    if (standing.kind === 'connected') return;
    // The join made the member connected in the store, which cancelled what the store knew before: that the member
    // leaves, or that its window runs. Tell it again. The others never heard that the member was back.
    const isOver = standing.kind === 'leaving' && (standing.reason === 'revoked' || standing.reason === 'ended');
    if (isOver) departures.leave(room, known, standing.reason, null);
    else departures.keepSeat(room, known);
  }
}

function seatOf({ joined, token, mintedFrom, resumeHashes, watch, metadata }: Join): SeatTaken {
  const { index, userId, joinedAtMs, connection, userSessionId } = joined;
  return { index, userId, joinedAtMs, connection, userSessionId, token, mintedFrom, resumeHashes, watch, metadata };
}
