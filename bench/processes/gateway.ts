/** A gateway that the bench starts, on a free port, with a key for this run. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { chooseCores } from './cores.js';
import { ServerProcess, withServer, type Launch } from './server-process.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** Settings of a gateway without limits on a connection's rate. */
export const UNLIMITED = {
  SALLYPORT_MESSAGES_PER_S: '0',
  SALLYPORT_BYTES_PER_S: '0',
  SALLYPORT_WORK_MS_PER_S: '0',
};

export interface RunningGateway {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly engine: string;
}

export class GatewayProcess extends ServerProcess {
  constructor(
    launch: Launch = {},
    readonly key: string = randomBytes(24).toString('hex'),
    /** The compiled main file; of another build, for a comparison. */
    main: string = MAIN,
  ) {
    const settings = { SALLYPORT_PORT: '0', SALLYPORT_ROOT_KEY: key, SALLYPORT_LOG_LEVEL: 'info' };
    super('gateway', main, { ...launch, environment: { ...settings, ...launch.environment } });
  }
}

/** `redisUrl` null: the embedded store. Other programs may use that Redis too: the run has its own key prefix. */
export function withGateway<T>(
  redisUrl: string | null,
  use: (gateway: RunningGateway) => Promise<T>,
  launch: Omit<Launch, 'core'> = {},
): Promise<T> {
  const environment = { ...environmentOf(redisUrl), ...launch.environment };
  const gateway = new GatewayProcess({ ...launch, core: chooseCores().server, environment });
  return withServer(gateway, (listening) => use({ ...listening, key: gateway.key, pid: gateway.pid }));
}

function environmentOf(redisUrl: string | null): Readonly<Record<string, string>> {
  if (redisUrl === null) return {};
  return {
    SALLYPORT_REDIS_URL: redisUrl,
    SALLYPORT_REDIS_PREFIX: `sallyport-bench-${randomBytes(6).toString('hex')}:`,
    SALLYPORT_SECRET: randomBytes(24).toString('hex'),
  };
}
