/** What does JSON of a hostile shape cost? `npm run bench:json-shapes`. See bench/hostile/hostile-json.ts. */
import { runAlone } from './cli/run.js';
import { jsonShapes } from './hostile/hostile-json.js';

await runAlone(jsonShapes);
