/**
 * The most RSA-2048 signatures that the cores of this process can make: a worker that signs as many bytes as a session
 * token has, over and over, on its own thread or on the pool's.
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { answerParent, serveParent } from '../processes/worker-process.js';
import { BusyWatch } from '../measure/busy-watch.js';
import { signingOrder, type Signed, type SigningOrder } from './signing-order.js';

const ALGORITHM = 'RSA-SHA256';
/** As long as a session token without its signature. */
const INPUT = Buffer.alloc(420, 'a');
/** More than the pool's threads, so that none waits. */
const AT_ONCE = 16;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

serveParent((message) => {
  make(signingOrder.parse(message)).then(answerParent, (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function make({ how, seconds, core }: SigningOrder): Promise<Signed> {
  const watch = new BusyWatch({ pid: process.pid, core });
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1000;
  const signs = how === 'sync' ? signHere(untilMs) : await signOnPool(untilMs);
  const { serverBusy, robbed } = watch.read();
  return { perS: (signs * 1000) / (performance.now() - startMs), busy: serverBusy ?? 0, robbed };
}

function signHere(untilMs: number): number {
  let signs = 0;
  while (performance.now() < untilMs) {
    sign(ALGORITHM, INPUT, privateKey);
    signs += 1;
  }
  return signs;
}

async function signOnPool(untilMs: number): Promise<number> {
  let signs = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      await signed(privateKey);
      signs += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return signs;
}

function signed(key: KeyObject): Promise<void> {
  return new Promise((resolve, reject) => {
    sign(ALGORITHM, INPUT, key, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
