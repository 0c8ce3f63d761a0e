import { z } from 'zod';
import { CLASS } from '../../../src/protocol/wire.js';
import { colyseusWire, natsWire, socketIoWire } from './peers.js';
import { sallyportWire } from './sallyport.js';
import { bareWire, type Wire } from './wire.js';

const WIRES = {
  bare: () => bareWire,
  sallyport: () => sallyportWire(CLASS.volatile),
  sallyport_latest: () => sallyportWire(CLASS.latest),
  sallyport_reliable: () => sallyportWire(CLASS.reliable),
  socket_io: () => socketIoWire,
  colyseus: () => colyseusWire,
  nats: natsWire,
} as const satisfies Record<string, (room: number) => Wire>;

type WireName = keyof typeof WIRES;

export const wireName = z.custom<WireName>((name) => Object.keys(WIRES).includes(String(name)));

/** The wire of a room's clients. */
export function wireOf(name: WireName, room: number): Wire {
  return WIRES[name](room);
}
