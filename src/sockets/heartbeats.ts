/** Once a second: pings connections that are silent, and closes those that stay silent. */
import type { Clock, Timer } from '../ports/clock.js';

export interface Listener {
  checkSilence(nowMs: number): void;
}

const CHECK_EVERY_MS = 1000;

export class Heartbeats {
  private readonly live = new Set<Listener>();
  private timer: Timer | null = null;

  constructor(private readonly clock: Clock) {}

  add(listener: Listener): void {
    this.live.add(listener);
  }

  delete(listener: Listener): void {
    this.live.delete(listener);
  }

  start(): void {
    this.timer = this.clock.after(CHECK_EVERY_MS, () => {
      const nowMs = this.clock.monotonicMs();
      for (const listener of this.live) listener.checkSilence(nowMs);
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }
}
