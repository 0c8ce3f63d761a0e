/** `npm run bench:json-shapes` measures the cost of hostile JSON. See bench/hostile/hostile-json.ts. */
import { runAlone } from './cli/run.js';
import { jsonShapes } from './hostile/hostile-json.js';

await runAlone(jsonShapes);
