/**
 * When each socket sends. One period of `clients` sends is laid out with equal distances, so that no two are due at the
 * same time, and repeats; each socket keeps its place in it, its phase. How near the phases of one room's members are
 * decides how much there is to gather for a receiver, so it can be chosen:
 *
 * - `shuffled`  each room's phases are random (of a fixed seed): players who started whenever they did
 * - `spread`    each room's phases are as far apart as can be: the least there is to gather
 * - `together`  one room's members send one right after the other: clients that tick with their game's server
 */
import { randomOf, shuffled } from '../measure/random.js';

export const PHASES = ['shuffled', 'spread', 'together'] as const;
export type Phases = (typeof PHASES)[number];

const SEED = 0x5a11;

/** Which client sends at each place of the period: the first `senders` of each room. Clients are numbered room by room. */
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
