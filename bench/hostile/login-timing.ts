/**
 * Does time tell who exists? `npm run bench:login-timing` logs in with a wrong password as users that exist and as users
 * that do not, in turn, and asks for password resets of both; then prints medians and their ratio. It decides nothing: a
 * busy machine moves both.
 */
import { z } from 'zod';
import { whole } from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { percentile } from '../report/account.js';
import { demand } from '../processes/changes.js';
import { withGateway } from '../processes/gateway.js';

const MIN_SAMPLES = 200;
const WARM_UP = 20;
const PAGE = 'https://app.example/reset';
const UNLIMITED = {
  SALLYPORT_RESET_URLS: PAGE,
  SALLYPORT_ENV: 'development',
  SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '0',
  SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
  SALLYPORT_PASSWORD_RESETS_PER_ACCOUNT: '0',
  SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '0',
};

/** Milliseconds that one request took, by who it was about. */
interface Samples {
  readonly known: number[];
  readonly unknown: number[];
}

export const loginTiming = defineScenario({
  name: 'login-timing',
  summary: 'whether the time of an answer tells which users exist',
  options: z.object({ samples: whole(MIN_SAMPLES, 1_000_000).describe('how many requests of each kind').default(300) }),
  quick: {},
  async run({ samples }) {
    await withGateway(
      null,
      async ({ url, key }) => {
        await makeUser(url, key);
        report('a wrong password', await measure(samples, (username) => logIn(url, username)));
        report('a password reset', await measure(samples, (username) => askReset(url, username)));
      },
      { environment: UNLIMITED },
    );
    return { figures: {}, plots: [], broken: [] };
  },
});

async function makeUser(url: string, key: string): Promise<void> {
  const { status } = await fetch(`${url}/v1/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ username: 'known-user', email: 'known@mail.example', password: 'the right password' }),
  });
  demand(status === 201, `making a user answered ${status}`);
}

/** In turn, so that whatever the machine does besides meets both alike. */
async function measure(count: number, ask: (username: string) => Promise<void>): Promise<Samples> {
  const samples: Samples = { known: [], unknown: [] };
  for (let n = -WARM_UP; n < count; n += 1) {
    for (const [who, username] of [
      ['known', 'known-user'],
      ['unknown', 'other-user'],
    ] as const) {
      const startedMs = performance.now();
      await ask(username);
      if (n >= 0) samples[who].push(performance.now() - startedMs);
    }
  }
  return samples;
}

async function logIn(url: string, username: string): Promise<void> {
  await expectStatus(401, `${url}/authenticate/${username}`, { password: 'a wrong password' });
}

async function askReset(url: string, username: string): Promise<void> {
  await expectStatus(200, `${url}/password/reset`, { username, resetUrl: PAGE });
}

async function expectStatus(expected: number, url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  demand(response.status === expected, `${url} answered ${response.status}`);
}

function report(what: string, { known, unknown }: Samples): void {
  const [a, b] = [percentile(known, 0.5), percentile(unknown, 0.5)];
  process.stdout.write(
    `${what}: known ${a.toFixed(3)} ms, unknown ${b.toFixed(3)} ms (medians of ${known.length} each), ` +
      `known / unknown = ${(a / b).toFixed(4)}\n`,
  );
}
