/** A real gateway for a test: in this process, on a free port, with a key prefix of its own. */
import { randomBytes } from 'node:crypto';
import { createGateway, type Gateway } from '../../src/gateway.js';
import type { Store } from '../../src/ports/store.js';

export const ROOT_KEY = 'root-key-of-the-tests-0123456789abcdef';
export const SECRET = 'secret-of-the-tests-0123456789abcdefgh';

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly socketUrl: string;
  stop(): Promise<void>;
}

export interface GatewayTestOptions {
  /** null: the embedded store. */
  readonly redisUrl?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapStore?: (store: Store) => Store;
}

/** `SALLYPORT_TEST_ENGINE` names the engine of every gateway in the tests. */
export function engineOfTests(): Readonly<Record<string, string>> {
  const engine = process.env['SALLYPORT_TEST_ENGINE'];
  return engine === undefined ? {} : { SALLYPORT_ENGINE: engine };
}

export async function startGateway(options: GatewayTestOptions = {}): Promise<RunningGateway> {
  const { redisUrl = null, env = {}, wrapStore } = options;
  const settings = {
    SALLYPORT_PORT: '0',
    SALLYPORT_ROOT_KEY: ROOT_KEY,
    SALLYPORT_SECRET: SECRET,
    SALLYPORT_LOG_LEVEL: 'silent',
    ...engineOfTests(),
    // Tests fail handshakes on purpose, all from one address; the limit has a test of its own.
    SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
    ...(redisUrl === null
      ? {}
      : {
          SALLYPORT_REDIS_URL: redisUrl,
          SALLYPORT_REDIS_PREFIX: `sallyport-test-${randomBytes(6).toString('hex')}:`,
        }),
    ...env,
  };
  const gateway = await createGateway(settings, wrapStore === undefined ? {} : { wrapStore });
  const { url } = await gateway.start();
  return { gateway, url, socketUrl: url.replace('http', 'ws'), stop: () => gateway.stop() };
}
