/** Every comparison of `npm run bench:ratios`, in the order in which they run. */
import type { Ratio } from './ratio.js';
import { connect } from './connect.js';
import { rest } from './rest.js';
import { tokens } from './tokens.js';

export const RATIOS: readonly Ratio[] = [rest, tokens, connect];
