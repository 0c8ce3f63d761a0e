/** The gateway of one run, on the store asked for; it does not outlive the run, however that ends. */
import { randomBytes } from 'node:crypto';
import { chooseCores } from './cores.js';
import { GatewayProcess } from './gateway-process.js';

export interface RunningGateway {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly engine: string;
}

export interface GatewayLaunch {
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

/** `redisUrl` null: the embedded store. A Redis that others use too is safe: the run has a key prefix of its own. */
export async function withGateway<T>(
  redisUrl: string | null,
  use: (gateway: RunningGateway) => Promise<T>,
  { environment = {}, nodeFlags = [] }: GatewayLaunch = {},
): Promise<T> {
  const settings = { ...environmentOf(redisUrl), ...environment };
  const gateway = new GatewayProcess({ core: chooseCores().server, environment: settings, nodeFlags });
  const kill = (): void => {
    gateway.kill();
  };
  process.once('exit', kill);
  try {
    const { url, engine } = await gateway.untilListening();
    const result = await use({ url, engine, key: gateway.key, pid: gateway.pid });
    await gateway.stop();
    return result;
  } finally {
    kill();
    process.off('exit', kill);
  }
}

function environmentOf(redisUrl: string | null): Readonly<Record<string, string>> {
  if (redisUrl === null) return {};
  return {
    SALLYPORT_REDIS_URL: redisUrl,
    SALLYPORT_REDIS_PREFIX: `sallyport-bench-${randomBytes(6).toString('hex')}:`,
    SALLYPORT_SECRET: randomBytes(24).toString('hex'),
  };
}
