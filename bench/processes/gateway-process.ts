/** A gateway of our own: a child process on the embedded store and a free port, with a key made for this run. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ServerProcess, type Launch } from './server-process.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export class GatewayProcess extends ServerProcess {
  constructor(
    launch: Launch = {},
    readonly key: string = randomBytes(24).toString('hex'),
  ) {
    const settings = { SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: key, SALLYPORT_LOG_LEVEL: 'info' };
    super('gateway', MAIN, { ...launch, environment: { ...settings, ...launch.environment } });
  }
}
