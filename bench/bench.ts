/** `npm run bench -- <scenario> [options]`: see docs/BENCH.md, or run it with --help. */
import { runOneOf } from './cli/run.js';
import { SCENARIOS } from './scenarios/registry.js';

await runOneOf(SCENARIOS);
