/** The new home's side of a hand-over: it takes the room over, and then the frames that still reach the old home. */
import type { ErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import { decodeRelayFrame } from '../../protocol/relay-frame.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Tallies } from '../../ports/metrics.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { Placement } from '../../ports/placement.js';
import type { SessionWithSeats } from '../../ports/relay-seat.js';
import type { HomeNow, RelayStore } from '../../ports/relay-store.js';
import type { Shaped } from '../../lib/shape.js';
import { acceptRelayFrame, type AcceptRules } from '../room/accept.js';
import { WAITS } from '../room/durable-queue.js';
import type { Room } from '../room/room.js';
import { unpackRoom } from './carried-room.js';
import type { Departures } from './departures.js';
import { HAND_OVER, LATE_FRAMES, type CarriedRoom } from './hand-over-calls.js';
import { openRoom, type OpenRoomDeps } from './open-room.js';
import type { Rooms } from './rooms.js';

export interface TakeOversDeps {
  readonly store: Pick<RelayStore, 'claimHome' | 'get'>;
  readonly rooms: Rooms;
  readonly placement: Pick<Placement, 'self' | 'draining' | 'leaseHeld'>;
  readonly departures: Departures;
  readonly calls: Pick<NodeCalls, 'serve'>;
  readonly clock: Clock;
  readonly tallies: Tallies;
  readonly rules: AcceptRules;
  /** Everything that a room needs to open. */
  readonly opening: OpenRoomDeps;
}

/** The parts of a transfer that have arrived. */
interface Transfer {
  text: string;
  parts: number;
  readonly timer: Timer;
}

type Part = Shaped<(typeof HAND_OVER)['body']>;
type LateFrame = Shaped<(typeof LATE_FRAMES)['body']>['frames'][number];
type LateAnswer = Shaped<(typeof LATE_FRAMES)['answer']>[number];

/** A transfer whose next part does not come for this long has failed. */
const NEXT_PART_WITHIN_MS = 2000;
const MOST_TRIES = 6;
const RETRY_MS = 300;

export class TakeOvers {
  private readonly transfers = new Map<string, Transfer>();

  constructor(private readonly deps: TakeOversDeps) {}

  serve(): void {
    const { calls } = this.deps;
    calls.serve(HAND_OVER, async (part, from) => ((await this.onPart(part, from)) ? 'yes' : 'no'));
    calls.serve(LATE_FRAMES, ({ sessionId, frames }) =>
      Promise.all(frames.map((frame) => this.onLateFrame(sessionId, frame))),
    );
  }

  private async onPart(part: Part, from: NodeId): Promise<boolean> {
    const { placement } = this.deps;
    const text = this.gather(part, from);
    if (text === null || placement.draining() || !placement.leaseHeld()) return false;
    if (part.part + 1 < part.parts) return true;
    const carried = unpackRoom(text);
    return carried !== null && this.takeOver(part.sessionId, from, carried);
  }

  /** Returns all that has arrived of the transfer; null: a part is missing. */
  private gather({ transfer: name, part, text }: Part, from: NodeId): string | null {
    const key = `${from} ${name}`;
    const before = this.transfers.get(key);
    before?.timer.cancel();
    this.transfers.delete(key);
    if ((before?.parts ?? 0) !== part) return null;
    const whole = (before?.text ?? '') + text;
    const timer = this.deps.clock.after(NEXT_PART_WITHIN_MS, () => this.transfers.delete(key));
    this.transfers.set(key, { text: whole, parts: part + 1, timer });
    return whole;
  }

  private async takeOver(id: SessionId, from: NodeId, carried: CarriedRoom): Promise<boolean> {
    const { rooms, opening, tallies } = this.deps;
    const isHere = await rooms.takeOver(id, async () => {
      const claimed = await this.claim(id, { homeNodeId: from, homeEpoch: carried.homeEpoch });
      return claimed === null ? null : openRoom(opening, rooms, claimed, carried);
    });
    if (isHere) tallies.sessionsTakenOver += 1;
    return isHere;
  }

  private async claim(id: SessionId, from: HomeNow): Promise<SessionWithSeats | null> {
    const { store, placement } = this.deps;
    try {
      return await store.claimHome(id, from, placement.self);
    } catch (error) {
      if (!Failure.is(error, 'store_unavailable')) throw error;
      // The claim may have been made and its answer lost. Then only this node has what the old home gave.
      const found = await this.getPatiently(id);
      return found?.session.homeNodeId === placement.self ? found : null;
    }
  }

  private async getPatiently(id: SessionId): Promise<SessionWithSeats | null> {
    const { store, clock } = this.deps;
    for (let tries = 1; ; tries += 1) {
      try {
        return await store.get(id, 'all');
      } catch (error) {
        if (!Failure.is(error, 'store_unavailable') || tries === MOST_TRIES) throw error;
        await new Promise<void>((resolve) => {
          clock.after(RETRY_MS, resolve);
        });
      }
    }
  }

  private async onLateFrame(id: SessionId, { index, frame }: LateFrame): Promise<LateAnswer> {
    const room = this.deps.rooms.find(id);
    if (room === null) return refused('home_elsewhere');
    const member = room.members.get(index);
    if (member === undefined) return refused('unknown_member');
    // Moving on, or the member is back: a frame from before would come after newer ones.
    if (room.hold !== null || member.outlet !== null) return refused('home_elsewhere');
    if (frame !== null) return this.accept(room, index, Buffer.from(frame, 'base64'));
    this.deps.departures.leave(room, member, 'left', null);
    return { seq: 0, error: null };
  }

  private accept(room: Room, index: number, bytes: Uint8Array): LateAnswer | Promise<LateAnswer> {
    const member = room.members.get(index);
    const frame = decodeRelayFrame(bytes);
    if (member === undefined) return refused('unknown_member');
    if ('fault' in frame) return refused(frame.fault);
    let onAnswer: (answer: LateAnswer) => void = () => undefined;
    const later = new Promise<LateAnswer>((resolve) => {
      onAnswer = resolve;
    });
    const accepted = acceptRelayFrame(room, member, frame, this.deps.rules, {
      onReleased: (_ref, seq) => {
        onAnswer({ seq, error: null });
      },
      onRefused: () => {
        onAnswer(refused('store_unavailable'));
      },
      onUnknown: () => {
        onAnswer({ seq: null, error: null });
      },
    });
    if (accepted === WAITS) return later;
    return typeof accepted === 'number' ? { seq: accepted, error: null } : refused(accepted);
  }
}

function refused(error: ErrorCode): LateAnswer {
  return { seq: null, error };
}
