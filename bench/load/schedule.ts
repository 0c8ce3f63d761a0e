/**
 * When each socket sends. A period of `clients` sends has equal distances, so that no two are due at the same time, and
 * repeats. Each socket keeps its place in the period, its phase. The distance between the phases of a room's members
 * decides how much the gateway can gather for a receiver, so the caller chooses it:
 *
 * - `shuffled`  the phases of a room are random (with a fixed seed), like players who start at any time
 * - `spread`    the phases of a room are as far apart as possible: there is least to gather
 * - `together`  the members of a room send one right after the other, like clients that tick with their game's server
 */
import { randomOf, shuffled } from '../measure/random.js';

export const PHASES = ['shuffled', 'spread', 'together'] as const;
export type Phases = (typeof PHASES)[number];

const SEED = 0x5a11;

/** The client at each place of the period: the first `senders` of each room. Clients are numbered room by room. */
export function sendingOrder(clients: number, roomsOf: number, phases: Phases, senders = roomsOf): Uint32Array {
  const slots = slotOrder((clients / roomsOf) * senders, senders, phases);
  return slots.map((slot) => Math.floor(slot / senders) * roomsOf + (slot % senders));
}

function slotOrder(clients: number, roomsOf: number, phases: Phases): Uint32Array {
  const rooms = clients / roomsOf;
  const order = Uint32Array.from({ length: clients }, (_, place) => place);
  if (phases === 'spread') return order.map((place) => (place % rooms) * roomsOf + Math.floor(place / rooms));
  return phases === 'shuffled' ? shuffled([...order], randomOf(SEED)) : order;
}
