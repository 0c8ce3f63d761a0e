/** Every comparison of `npm run bench:ratios`, in the order in which they run. */
import { connect } from './connect.js';
import { capacity, deliveryClass, flush, latency } from './deliveries.js';
import { growth, idle } from './growth.js';
import type { Ratio } from './ratio.js';
import { rest } from './rest.js';
import { satellites } from './satellites.js';
import { tokens } from './tokens.js';

export const RATIOS: readonly Ratio[] = [
  rest,
  tokens,
  connect,
  idle,
  growth,
  deliveryClass,
  flush,
  latency,
  capacity,
  satellites,
];

/** Those that `--only` names; without it all. Throws on an unknown name. */
export function ratiosOf(only: string | undefined): readonly Ratio[] {
  if (only === undefined) return RATIOS;
  return only.split(',').map((name) => {
    const found = RATIOS.find((ratio) => ratio.name === name);
    if (found === undefined) throw new Error(`--only knows ${RATIOS.map((each) => each.name).join(',')}, not ${name}`);
    return found;
  });
}
