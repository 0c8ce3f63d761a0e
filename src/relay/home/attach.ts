/**
 * A socket meets its member: the member is made, or its older socket replaced; the others hear of it; the socket gets
 * its welcome, what it missed, and from then on the session's live entries. All in one turn, so nothing falls between.
 */
import { encodeBatchFrame, type Entry } from '../../protocol/batch-frame.js';
import type { CloseName } from '../../protocol/close-codes.js';
import { encodeMemberJoined, encodeWelcome } from '../../protocol/presence.js';
import { encodeControl, type Welcome } from '../../protocol/server-control.js';
import { CLASS, PROTOCOL_VERSION } from '../../protocol/wire.js';
import type { AuthorizationToken, NodeId } from '../../protocol/ids.js';
import type { Tallies } from '../../ports/metrics.js';
import type { Joined } from '../../ports/relay-store.js';
import { closedSocket, type ClientSocket, type SocketHandler } from '../../ports/socket.js';
import type { Watch } from '../../ports/user-session-watches.js';
import { FULL_BATCH_BYTES } from '../room/batch.js';
import { BoundMember } from './bound-member.js';
import type { Connections } from './relay-connection.js';
import type { Departures } from './departures.js';
import { Member } from '../room/member.js';
import type { Outlet } from '../room/outlet.js';
import type { KeptEntry } from '../room/replay-window.js';
import type { Room } from '../room/room.js';
import type { Rooms } from './rooms.js';

export interface Attachment {
  readonly joined: Joined;
  readonly token: AuthorizationToken | null;
  /** Of the minted credential it came with; null: it came with another. */
  readonly mintedFrom: number | null;
  /** What its resume tokens are known by: that of the welcome, then the one that it came with, if any. */
  readonly resumeHashes: readonly string[];
  /** What the welcome hands out. */
  readonly resumeToken: string;
  /** null when the socket did not come with a resume token. */
  readonly resume: { readonly epoch: string; readonly seq: number } | null;
  /** Of the user session that the seat is bound to; null when it is bound to none. */
  readonly watch: Watch | null;
}

export interface AttacherDeps {
  readonly rooms: Rooms;
  readonly departures: Departures;
  readonly connections: Connections;
  readonly tallies: Tallies;
  readonly node: NodeId;
  readonly limits: Welcome['limits'];
  readonly heartbeatMs: number;
}

export class Attacher {
  constructor(private readonly deps: AttacherDeps) {}

  attach(room: Room, attachment: Attachment, socket: ClientSocket): SocketHandler {
    const { joined } = attachment;
    const close = room.ended ?? room.removed.get(joined.index) ?? null;
    if (close !== null) return turnAway(attachment, socket, close);
    const known = room.members.get(joined.index);
    if (known !== undefined && known.connection > joined.connection) return turnAway(attachment, socket, 'replaced');
    const { rooms, departures, connections } = this.deps;
    const member = known ?? this.newMember(room, attachment);
    try {
      const outlet = this.takeOver(room, member, attachment, socket, known === undefined);
      const handler = connections.open(room, member, outlet);
      member.watch?.begin(new BoundMember(departures, rooms, room, member));
      return handler;
    } catch (error) {
      departures.socketLost(rooms, room, member);
      throw error;
    }
  }

  /** The socket never came: a new member goes again, a known one is away as before, or still has its older socket. */
  abandon(room: Room, { joined, watch }: Attachment): void {
    const { rooms, departures } = this.deps;
    watch?.stop();
    const { index, connection } = joined;
    if (room.ended !== null || room.removed.has(index)) return;
    const known = room.members.get(index);
    if (known === undefined) {
      departures.leaveUnseen(rooms, room, { index, connection });
    } else if (known.connection < connection) {
      room.takeSeat(known, connection);
      if (known.outlet !== null) return;
      // The store took it for back, which outdated what it was told of the seat: that it goes, or that its window runs.
      // The others never heard that it was.
      if (known.over !== null) departures.leave(rooms, room, known, known.over);
      else departures.keepSeat(rooms, room, known);
    }
  }

  private newMember(room: Room, { joined, token }: Attachment): Member {
    const { index, userId, joinedAtMs, connection } = joined;
    const member = new Member({ index, userId, joinedAtMs, token, connection, firstSeq: room.replay.seq });
    room.members.set(index, member);
    room.copy.indexGiven(index);
    return member;
  }

  /** `isNew` is for the others: whether they know the member. The store may have known it before they heard of it. */
  private takeOver(room: Room, member: Member, attachment: Attachment, socket: ClientSocket, isNew: boolean): Outlet {
    const { joined, resume } = attachment;
    const older = room.detach(member);
    member.departure?.cancel();
    member.departure = null;
    member.watch?.stop();
    member.watch = attachment.watch;
    member.over = null;
    room.takeSeat(member, joined.connection);
    member.resumeHashes = attachment.resumeHashes;
    member.mintedFrom = attachment.mintedFrom ?? member.mintedFrom;
    member.userSessionId = joined.userSessionId;
    room.flush();
    older?.close('replaced');
    const outlet = room.attach(member, socket);
    if (isNew) room.announceText(encodeMemberJoined(room.memberView(member)));
    else if (older === null) room.announce({ type: 'member.back', index: member.index });
    room.applyHost(joined.host);
    const missed = resume === null ? null : missedBy(room, member, resume);
    outlet.send(this.welcome(room, member, attachment.resumeToken, missed?.recovered ?? false));
    for (const gap of missed?.gaps ?? []) outlet.send(encodeControl({ type: 'gap', ...gap }));
    this.replay(outlet, missed?.entries ?? []);
    outlet.begin();
    return outlet;
  }

  private welcome(room: Room, member: Member, token: string, recovered: boolean): string {
    const { node, limits, heartbeatMs } = this.deps;
    const welcome: Omit<Welcome, 'members'> = {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      session: room.sessionView(),
      you: { index: member.index, user_id: member.userId, role: room.roleOf(member.index) },
      host: room.host,
      epoch: room.epoch,
      seq: room.replay.seq,
      recovered,
      resume: { token, window_ms: room.session.resumeWindowMs },
      limits,
      heartbeat_ms: heartbeatMs,
      node,
    };
    const members = [...room.members.values()].map((each) => room.memberView(each));
    return encodeWelcome(welcome, members);
  }

  private replay(outlet: Outlet, entries: readonly Entry[]): void {
    this.deps.tallies.entriesReplayed += entries.length;
    let batch: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      batch.push(entry);
      bytes += entry.payload.length;
      if (bytes < FULL_BATCH_BYTES) continue;
      outlet.send(encodeBatchFrame(batch));
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) outlet.send(encodeBatchFrame(batch));
  }
}

function turnAway({ watch }: Attachment, socket: ClientSocket, close: CloseName): SocketHandler {
  watch?.stop();
  socket.close(close);
  return closedSocket;
}

interface Missed {
  readonly recovered: boolean;
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  readonly entries: readonly Entry[];
}

/**
 * What a returning member has not seen. In another epoch its position means nothing: whatever followed it in the old one
 * is lost, and all that is kept is new to it.
 */
function missedBy(room: Room, member: Member, resume: { readonly epoch: string; readonly seq: number }): Missed {
  const isSameEpoch = resume.epoch === room.epoch;
  const from = isSameEpoch ? Math.max(resume.seq, member.firstSeq) : member.firstSeq;
  const { missing, entries } = room.replay.after(from);
  const gaps = missing === null ? [] : [{ ...missing, reason: 'replay_window' }];
  const lost = { from: resume.seq + 1, to: Number.MAX_SAFE_INTEGER, reason: 'epoch_changed' };
  return {
    recovered: isSameEpoch && missing === null,
    gaps: isSameEpoch ? gaps : [lost, ...gaps],
    entries: entries.filter((entry) => isFor(member, entry)).map(toEntry),
  };
}

function isFor(member: Member, { sender, targets }: KeptEntry): boolean {
  return sender !== member.index && (targets === null || targets.includes(member.index));
}

function toEntry({ seq, sender, targets, payload }: KeptEntry): Entry {
  return { sender, deliveryClass: CLASS.reliable, targeted: targets !== null, key: 0, seq, payload };
}
