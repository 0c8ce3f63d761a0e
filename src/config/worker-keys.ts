/** Settings of several workers on one machine. */
import { optional, withDefault } from './key.js';
import { integer, urlTemplate } from './values.js';

/** Each worker takes a core; a larger number is a mistake. */
const MAX_WORKERS = 64;

export const workerKeys = {
  workers: withDefault(integer(1, MAX_WORKERS), '1', {
    env: 'SALLYPORT_WORKERS',
    type: 'integer',
    unit: 'processes',
    doc: 'How many nodes the program starts on this machine; `--workers N` sets it, too. They share SALLYPORT_PORT, and each has a port of its own. More than 1 needs Redis. 1 to 64.',
  }),
  workerPort: optional(integer(0, 65_535), {
    env: 'SALLYPORT_WORKER_PORT',
    type: 'integer, 0 to 65535',
    doc: 'The own port of the first worker; the others count up from it. 0 picks a free port for each.',
    unset: 'SALLYPORT_PORT plus 1; free ports if SALLYPORT_PORT is 0',
  }),
  workerUrl: optional(urlTemplate(['port', 'worker']), {
    env: 'SALLYPORT_WORKER_URL',
    type: 'http or https URL with `{port}` or `{worker}` in it',
    doc: 'The base URL where clients reach one worker: `{port}` stands for its own port, `{worker}` for its number, from 1. Answers show it as `relay`.',
    unset:
      'SALLYPORT_PUBLIC_URL with the own port instead of SALLYPORT_PORT; required if SALLYPORT_PUBLIC_URL has another port',
  }),
};
