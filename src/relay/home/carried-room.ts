/** Packs what a room must carry to the next home, and unpacks it there. */
import type { Room } from '../room/room.js';
import { NO_STATE } from '../../protocol/presence.js';
import type { MemberPast } from '../room/member.js';
import { carriedRoom, type CarriedMember, type CarriedRoom } from './hand-over-calls.js';

/** An envelope of the bus stays below 256 KiB, even when JSON escapes many of these characters. */
const PART_CHARS = 64 * 1024;

/** Packs the room as parts of JSON text. */
export function packRoom(room: Room, nowMs: number): readonly string[] {
  const carried: CarriedRoom = {
    epoch: room.epoch,
    seq: room.replay.seq,
    nextIndex: room.copy.nextIndex,
    homeEpoch: room.session.homeEpoch,
    lost: room.replay.lostView(),
    members: [...room.members.values()].map(({ index, firstSeq, state, dropped, mintedFrom, metadata }) => ({
      index,
      firstSeq,
      state,
      dropped,
      mintedFrom,
      metadata,
    })),
    entries: room.replay.after(0).entries.map(({ sender, targets, atMs, payload }) => ({
      sender,
      targets: targets === null ? null : [...targets],
      ageMs: Math.max(0, nowMs - atMs),
      payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64'),
    })),
  };
  const text = JSON.stringify(carried);
  const parts = Math.ceil(text.length / PART_CHARS);
  return Array.from({ length: parts }, (_, part) => text.slice(part * PART_CHARS, (part + 1) * PART_CHARS));
}

/** null: the text is not what `packRoom` makes. */
export function unpackRoom(text: string): CarriedRoom | null {
  try {
    const value: unknown = JSON.parse(text);
    return carriedRoom.is(value) ? value : null;
  } catch {
    return null;
  }
}

/** Fills a new room's replay window. Entries beyond this node's bounds fall out, as they do at every home. */
export function refill(
  { replay, session }: Pick<Room, 'replay' | 'session'>,
  { seq, entries, lost }: CarriedRoom,
  nowMs: number,
): void {
  replay.startAfter(seq - entries.length, lost ?? null);
  for (const { sender, targets, ageMs, payload } of entries) {
    const to = targets === null ? null : Uint16Array.from(targets);
    replay.append(sender, to, Buffer.from(payload, 'base64'), nowMs - ageMs, session.resumeWindowMs);
  }
}

/**
 * The former home's knowledge of a member; none when it died, or when the member is new. `newestSeq`: the newest entry
 * when the member joined, as far as this home knows by itself.
 */
export function pastOf(carried: CarriedMember | undefined, newestSeq: number): MemberPast {
  if (carried === undefined) return { firstSeq: newestSeq, state: NO_STATE, dropped: 0, metadata: null };
  const { firstSeq, state, dropped, metadata = null } = carried;
  return { firstSeq, state, dropped, metadata };
}
