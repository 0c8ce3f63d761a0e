/** Random numbers that a seed repeats: mulberry32, good enough to spread things. */
import { randomInt } from 'node:crypto';

/** From 0 (included) to 1 (not included). */
export type Random = () => number;

export const MAX_SEED = 2 ** 32 - 1;

export function newSeed(): number {
  return randomInt(MAX_SEED);
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The values in random order (Fisher and Yates). */
export function shuffled(values: readonly number[], random: Random): Uint32Array {
  const order = Uint32Array.from(values);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
