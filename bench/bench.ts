/** `npm run bench -- <scenario> [options]`: see docs/BENCH.md, or `--help`. */
import { runOneOf } from './cli/run.js';
import { SCENARIOS } from './scenarios/registry.js';

await runOneOf(SCENARIOS);
