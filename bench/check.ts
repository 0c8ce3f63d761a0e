/** Has a ratio worsened? `npm run bench:check`. See docs/BENCH.md. */
import { runAlone } from './cli/run.js';
import { check } from './ratios/commands.js';

await runAlone(check);
