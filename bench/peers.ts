/** `npm run bench:peers` compares Sallyport with other servers. See bench/contenders/comparison.ts. */
import { runAlone } from './cli/run.js';
import { peers } from './contenders/comparison.js';

await runAlone(peers);
