/** Every comparison of `npm run bench:ratios`, in the order in which they run. */
import { capacity } from './capacity-ratio.js';
import { connect } from './connect.js';
import { growth } from './growth.js';
import { idle } from './memory.js';
import type { Ratio } from './ratio.js';
import { deliveryClass, flush, latency } from './relay.js';
import { rest } from './rest.js';
import { tokens } from './tokens.js';

export const RATIOS: readonly Ratio[] = [rest, tokens, connect, idle, growth, deliveryClass, flush, latency, capacity];

/** By the names of `--only`; all without. Throws on a name that is none. */
export function ratiosOf(only: string | undefined): readonly Ratio[] {
  if (only === undefined) return RATIOS;
  return only.split(',').map((name) => {
    const found = RATIOS.find((ratio) => ratio.name === name);
    if (found === undefined) throw new Error(`--only knows ${RATIOS.map((each) => each.name).join(',')}, not ${name}`);
    return found;
  });
}
