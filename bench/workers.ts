/** `npm run bench:workers` compares the cost of a delivery at one node with that at several workers. */
import { runAlone } from './cli/run.js';
import { workers } from './contenders/workers.js';

await runAlone(workers);
