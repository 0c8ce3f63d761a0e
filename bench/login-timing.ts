/** `npm run bench:login-timing` shows whether answer times reveal users. See bench/hostile/login-timing.ts. */
import { runAlone } from './cli/run.js';
import { loginTiming } from './hostile/login-timing.js';

await runAlone(loginTiming);
