/** `npm run bench:flush` compares the cost of a delivery by `flush_ms`. See bench/contenders/comparison.ts. */
import { runAlone } from './cli/run.js';
import { flush } from './contenders/comparison.js';

await runAlone(flush);
