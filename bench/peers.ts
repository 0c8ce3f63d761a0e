/** Sallyport beside what its users would pick instead: `npm run bench:peers`. See bench/contenders/peer-comparison.ts. */
import { runAlone } from './cli/run.js';
import { peers } from './contenders/comparison.js';

await runAlone(peers);
