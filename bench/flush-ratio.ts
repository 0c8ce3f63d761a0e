/** What a delivery costs at equal load: `npm run bench:flush`. See bench/contenders/flush.ts. */
import { runAlone } from './cli/run.js';
import { flush } from './contenders/comparison.js';

await runAlone(flush);
