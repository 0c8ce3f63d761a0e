/** Sallyport beside what it is measured by: `npm run bench:ratios`. See docs/BENCH.md. */
import { runAlone } from './cli/run.js';
import { ratios } from './ratios/commands.js';

await runAlone(ratios);
