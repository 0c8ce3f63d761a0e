/**
 * Frames that members send to a room while it moves. They wait until the session has its new home, which takes them in
 * order; their senders get its answers. When no node takes the session, they are refused.
 */
import { isErrorCode } from '../../protocol/errors.js';
import type { MemberIndex, NodeId, SessionId } from '../../protocol/ids.js';
import { parseMemberIndex } from '../../protocol/ids.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { FrameHold, HeldAnswer } from '../room/frame-hold.js';
import { LATE_FRAMES } from './hand-over-calls.js';

interface Late {
  readonly index: MemberIndex;
  readonly frame: string | null;
  readonly onAnswer: (answer: HeldAnswer) => void;
}

/** Most characters of frames in one call: an envelope of the bus stays below 256 KiB. */
const CALL_CHARS = 128 * 1024;
/** Most characters of frames that wait in one room; more are refused. */
const MAX_WAITING_CHARS = 1024 * 1024;
const REFUSED: HeldAnswer = { error: 'home_elsewhere' };

export interface LateFramesDeps {
  readonly calls: Pick<NodeCalls, 'ask'>;
  readonly clock: Pick<Clock, 'endOfTurn'>;
}

export class LateFrames implements FrameHold {
  readonly released: Promise<void>;
  private waiting: Late[] = [];
  private waitingChars = 0;
  private to: NodeId | null = null;
  private isRefusing = false;
  private sending: Promise<void> | null = null;
  private readonly heard = new Set<number>();
  private readonly onceHeard = new Map<number, () => void>();
  private release: () => void = () => undefined;

  constructor(
    private readonly deps: LateFramesDeps,
    private readonly sessionId: SessionId,
  ) {
    this.released = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  keep(index: number, frame: Uint8Array | null, onAnswer: (answer: HeldAnswer) => void): void {
    const member = parseMemberIndex(index);
    const text = frame === null ? null : Buffer.from(frame).toString('base64');
    const chars = text?.length ?? 0;
    if (this.isRefusing || member === null || this.waitingChars + chars > MAX_WAITING_CHARS) {
      onAnswer(REFUSED);
      return;
    }
    this.waiting.push({ index: member, frame: text, onAnswer });
    this.waitingChars += chars;
    this.sendSoon();
  }

  onHeard(index: number): void {
    this.heard.add(index);
    this.onceHeard.get(index)?.();
  }

  /** Resolves when the member is heard for the first time. Call it once for a member. */
  untilHeard(index: number): Promise<void> {
    if (this.heard.has(index)) return Promise.resolve();
    return new Promise((resolve) => {
      this.onceHeard.set(index, resolve);
    });
  }

  /** The session has a new home, which takes what waits and what still comes. */
  moved(to: NodeId): void {
    this.to = to;
    this.release();
    this.sendSoon();
  }

  /** No node took the session: what waits and what still comes is refused. */
  refuse(): void {
    this.isRefusing = true;
    this.release();
    for (const { onAnswer } of this.take(Infinity)) onAnswer(REFUSED);
  }

  /** Resolves when nothing waits for the new home. */
  async settled(): Promise<void> {
    while (this.sending !== null) await this.sending;
  }

  private sendSoon(): void {
    const { to } = this;
    if (to === null || this.sending !== null || this.waiting.length === 0) return;
    this.sending = this.sendAll(to).finally(() => {
      this.sending = null;
    });
  }

  private async sendAll(to: NodeId): Promise<void> {
    // Frames that come in the same turn leave in the same call.
    await new Promise<void>((resolve) => {
      this.deps.clock.endOfTurn(resolve);
    });
    while (this.waiting.length > 0) await this.send(to, this.take(CALL_CHARS));
  }

  /** A lost answer leaves the senders without one: their frames may have been taken. */
  private async send(to: NodeId, late: readonly Late[]): Promise<void> {
    const frames = late.map(({ index, frame }) => ({ index, frame }));
    const answers = await this.deps.calls.ask(LATE_FRAMES, to, { sessionId: this.sessionId, frames }).catch(() => null);
    for (const [n, { onAnswer }] of late.entries()) {
      const answer = answers?.[n];
      if (answer === undefined) continue;
      const { seq, error } = answer;
      if (seq !== null) onAnswer({ seq });
      else if (error !== null) onAnswer({ error: isErrorCode(error) ? error : 'internal' });
    }
  }

  /** Takes frames from the front, at least one, with at most so many characters. */
  private take(chars: number): readonly Late[] {
    let count = 0;
    let sum = 0;
    for (const { frame } of this.waiting) {
      sum += frame?.length ?? 0;
      if (count > 0 && sum > chars) break;
      count += 1;
    }
    const taken = this.waiting.splice(0, count);
    for (const { frame } of taken) this.waitingChars -= frame?.length ?? 0;
    return taken;
  }
}
