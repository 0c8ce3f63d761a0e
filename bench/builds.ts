/** `npm run bench:builds -- --other PATH` compares what creates and joins cost with two builds of the gateway. */
import { runAlone } from './cli/run.js';
import { builds } from './ratios/builds.js';

await runAlone(builds);
