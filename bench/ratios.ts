/** `npm run bench:ratios` measures Sallyport against its yardsticks. See docs/BENCH.md. */
import { runAlone } from './cli/run.js';
import { ratios } from './ratios/commands.js';

await runAlone(ratios);
