import { CLASS } from '../../../src/protocol/wire.js';
import { bareWire } from './bare.js';
import { colyseusWire } from './colyseus.js';
import { natsWire } from './nats.js';
import { sallyportWire } from './sallyport.js';
import { socketIoWire } from './socket-io.js';
import type { Wire } from './wire.js';

export const WIRE_NAMES = [
  'bare',
  'sallyport',
  'sallyport_latest',
  'sallyport_reliable',
  'socket_io',
  'colyseus',
  'nats',
] as const;
export type WireName = (typeof WIRE_NAMES)[number];

/** The wire of a room's clients. */
export function wireOf(name: WireName, room: number): Wire {
  switch (name) {
    case 'bare':
      return bareWire;
    case 'sallyport':
      return sallyportWire();
    case 'sallyport_latest':
      return sallyportWire(CLASS.latest);
    case 'sallyport_reliable':
      return sallyportWire(CLASS.reliable);
    case 'socket_io':
      return socketIoWire;
    case 'colyseus':
      return colyseusWire;
    case 'nats':
      return natsWire(room);
  }
}
