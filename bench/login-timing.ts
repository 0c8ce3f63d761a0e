/** Does the time of an answer tell who exists? `npm run bench:login-timing`. See bench/hostile/login-timing.ts. */
import { runAlone } from './cli/run.js';
import { loginTiming } from './hostile/login-timing.js';

await runAlone(loginTiming);
