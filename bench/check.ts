/** `npm run bench:check` tells whether a ratio has worsened. See docs/BENCH.md. */
import { runAlone } from './cli/run.js';
import { check } from './ratios/commands.js';

await runAlone(check);
