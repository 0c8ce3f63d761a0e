/** The program: reads the environment, builds the gateway, maps signals. The only file that touches `process`. */
import { ConfigError, createGateway, type Gateway, type Listening } from './gateway.js';
import { VERSION } from './lib/version.js';

const EXIT_CONFIG = 78; // EX_CONFIG of sysexits.h
const EXIT_FAILED = 1;

async function main(): Promise<void> {
  let gateway: Gateway | null = null;
  try {
    gateway = await createGateway(process.env);
    mapSignals(gateway);
    const listening = await gateway.start();
    if (listening.store === 'memory') process.stdout.write(greeting(listening));
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`sallyport cannot start:\n${error.problems.map((problem) => `  ${problem}\n`).join('')}`);
      process.exit(EXIT_CONFIG);
    }
    process.stderr.write(`sallyport cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
    await gateway?.stop();
    process.exit(EXIT_FAILED);
  }
}

function mapSignals(gateway: Gateway): void {
  const end = (code: number): void => {
    gateway.stop().then(
      () => process.exit(code),
      () => process.exit(EXIT_FAILED),
    );
  };
  let isStopping = false;
  const onSignal = (): void => {
    // A second signal means that the operator does not want to wait.
    if (isStopping) process.exit(EXIT_FAILED);
    isStopping = true;
    end(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', (cause) => {
    gateway.log.error('unhandled_rejection', cause);
  });
  process.on('uncaughtException', (cause) => {
    gateway.log.error('uncaught_exception', cause);
    end(EXIT_FAILED);
  });
}

/** The greeting for an operator who starts the program by hand: its address, its root key and an example to paste. */
function greeting({ url, rootKey, engine }: Listening): string {
  const key = rootKey ?? '$SALLYPORT_ROOT_KEY';
  const socketUrl = url.replace(/^http/, 'ws');
  return `
  Sallyport ${VERSION} is up at ${url}
  ${engine}; embedded store: one node, everything is forgotten at exit (set SALLYPORT_REDIS_URL to keep it)

  Root key${rootKey === null ? ' (yours, from SALLYPORT_ROOT_KEY)' : ', generated for this run and shown only here'}:
    ${key}

  Create a relay session for two users:
    curl -s ${url}/v1/relays/sessions -H "Authorization: token ${key}" \\
      -d '{"users":[{"ip":"127.0.0.1"},{"ip":"127.0.0.1"}]}'

  Connect each user with the numbers in the answer:
    npx wscat -c '${socketUrl}/v1/connect?access_token=<session_id>.<authorization_token>.<authorization_token of the user>'

  The API: ${url}/openapi.json   A whole round trip: npm run demo   Stop: Ctrl-C

`;
}

await main();
