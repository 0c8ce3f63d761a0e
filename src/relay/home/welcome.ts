/**
 * The first frames of a socket: the welcome, the gaps in what it missed, and the missed reliable entries that are
 * still kept.
 */
import { encodeBatchFrame, type Entry } from '../../protocol/batch-frame.js';
import type { NodeId } from '../../protocol/ids.js';
import { encodeWelcome } from '../../protocol/presence.js';
import { encodeControl, type Welcome } from '../../protocol/server-control.js';
import { CLASS, PROTOCOL_VERSION } from '../../protocol/wire.js';
import type { Tallies } from '../../ports/metrics.js';
import { FULL_BATCH_BYTES } from '../room/batch.js';
import type { Member } from '../room/member.js';
import type { Outlet } from '../room/outlet.js';
import type { KeptEntry } from '../room/replay-window.js';
import type { Room } from '../room/room.js';
import { viewsOfMembers, viewOfSession } from '../room/views.js';

/** The client's position: the newest entry that it has seen, and the epoch of that number. */
export interface ResumePoint {
  readonly epoch: string;
  readonly seq: number;
}

export interface GreeterDeps {
  readonly tallies: Tallies;
  readonly node: NodeId;
  readonly limits: Welcome['limits'];
  readonly heartbeatMs: number;
}

export class Greeter {
  constructor(private readonly deps: GreeterDeps) {}

  /** `resume`: null when the socket did not come with a resume token. */
  greet(room: Room, member: Member, outlet: Outlet, resumeToken: string, resume: ResumePoint | null): void {
    const missed = resume === null ? null : missedBy(room, member, resume);
    if (missed !== null) this.count(missed);
    outlet.send(this.welcome(room, member, resumeToken, missed?.recovered ?? false));
    for (const gap of missed?.gaps ?? []) outlet.send(encodeControl({ type: 'gap', ...gap }));
    this.replay(outlet, missed?.entries ?? []);
  }

  private count({ recovered }: Missed): void {
    const { tallies } = this.deps;
    if (recovered) tallies.resumesWhole += 1;
    else tallies.resumesWithGap += 1;
  }

  private welcome(room: Room, member: Member, token: string, recovered: boolean): string {
    const { node, limits, heartbeatMs } = this.deps;
    const welcome: Omit<Welcome, 'members'> = {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      session: viewOfSession(room.session),
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
    return encodeWelcome(welcome, viewsOfMembers(room));
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

interface Missed {
  readonly recovered: boolean;
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  readonly entries: readonly Entry[];
}

/**
 * The entries that a returning member has not seen. Its position in another epoch means nothing: the entries after it
 * in the old epoch are lost, and every kept entry is new to the member.
 */
function missedBy(room: Room, member: Member, resume: ResumePoint): Missed {
  const isSameEpoch = resume.epoch === room.epoch;
  const from = isSameEpoch ? Math.max(resume.seq, member.firstSeq) : member.firstSeq;
  const { entries } = room.replay.after(from);
  const missing = room.replay.lostTo(member.index, from);
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
