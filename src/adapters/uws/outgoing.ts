/** Counts what leaves for the sockets of one app: each frame once per socket, without the framing of WebSocket. */
import type { Tallies } from '../../ports/metrics.js';
import type { EngineApp } from './engine.js';

export type OutgoingTallies = Pick<Tallies, 'framesOut' | 'bytesOut' | 'connectionsOpened'>;

export class Outgoing {
  constructor(
    private readonly app: Pick<EngineApp, 'numSubscribers'>,
    private readonly tallies: OutgoingTallies,
  ) {}

  countOne(frame: string | Uint8Array): void {
    this.count(frame, 1);
  }

  /** Call it before the frame is published to the topic. `spared`: how many of the topic's sockets do not get it. */
  countTopic(topic: string, frame: string | Uint8Array, spared: number): void {
    // uWebSockets.js crashes when it is asked before it has a route for sockets; until then no topic has any.
    if (this.tallies.connectionsOpened === 0) return;
    // Asking the engine costs about a quarter of a microsecond, once per flush of a room.
    this.count(frame, this.app.numSubscribers(topic) - spared);
  }

  private count(frame: string | Uint8Array, receivers: number): void {
    this.tallies.framesOut += receivers;
    this.tallies.bytesOut += receivers * (typeof frame === 'string' ? Buffer.byteLength(frame) : frame.length);
  }
}
