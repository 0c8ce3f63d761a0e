/** The right to come back as the same member: the token of the latest welcome, while it may still be valid. */
import type { Welcome } from '../protocol/server-control.js';
import type { ClientTiming } from './timing.js';

interface Ticket {
  readonly token: string;
  /** How long after the loss of the link the gateway may still know the member. */
  readonly usefulMs: number;
  lostAtMs: number | null;
}

export class Resume {
  private ticket: Ticket | null = null;

  constructor(private readonly timing: ClientTiming) {}

  /** The gateway may notice a lost link two heartbeats later than the client, and starts its window then. */
  grant({ resume, heartbeat_ms }: Welcome): void {
    this.ticket = { token: resume.token, usefulMs: resume.window_ms + 2 * heartbeat_ms, lostAtMs: null };
  }

  linkLost(): void {
    if (this.ticket !== null) this.ticket.lostAtMs ??= this.timing.nowMs();
  }

  /** null when there is no token, or none that the gateway could still accept. */
  token(): string | null {
    if (this.ticket === null) return null;
    const { token, usefulMs, lostAtMs } = this.ticket;
    const isUseful = lostAtMs === null || this.timing.nowMs() - lostAtMs <= usefulMs;
    return isUseful ? token : null;
  }

  forget(): void {
    this.ticket = null;
  }
}
