import type { BusTransport } from '../../ports/bus-transport.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeId } from '../../protocol/ids.js';

type Receive = (envelope: Uint8Array) => void;

/** Joins the nodes of one process. An envelope arrives at the end of the turn in which it was sent. */
export class MemoryBusHub {
  private readonly nodes = new Map<NodeId, Receive>();

  constructor(private readonly clock: Clock) {}

  transportOf(self: NodeId): BusTransport {
    return {
      send: (to, envelope) => {
        const copy = envelope.slice();
        this.clock.endOfTurn(() => {
          const receivers = to === 'all' ? [...this.nodes.values()] : [this.nodes.get(to)];
          for (const receive of receivers) receive?.(copy);
        });
      },
      start: (receive) => {
        this.nodes.set(self, receive);
        return Promise.resolve();
      },
      refusal: () => null,
      reconnect: () => undefined,
      stop: () => {
        this.nodes.delete(self);
        return Promise.resolve();
      },
    };
  }
}
