/**
 * Whether time tells which users exist: the bench logs in with a wrong password as users that exist and as users that do
 * not, in turn, asks for password resets of both, and prints medians and their ratio. It does not fail, because a busy
 * machine changes both.
 */
import { z } from 'zod';
import { whole } from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { percentile } from '../measure/statistics.js';
import { demand } from '../processes/changes.js';
import { withGateway } from '../processes/gateway.js';
import { Backend } from '../rest/backend.js';

const MIN_SAMPLES = 200;
const WARM_UP = 20;
const PAGE = 'https://app.example/reset';
const KNOWN = 'known-user';
const UNKNOWN = 'other-user';
const environment = {
  SALLYPORT_RESET_URLS: PAGE,
  SALLYPORT_ENV: 'development',
  SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT: '0',
  SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
  SALLYPORT_PASSWORD_RESETS_PER_ACCOUNT: '0',
  SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '0',
};

export const loginTiming = defineScenario({
  name: 'login-timing',
  summary: 'whether the time of an answer tells which users exist',
  options: z.object({ samples: whole(MIN_SAMPLES, 1_000_000).describe('requests of each kind').default(300) }),
  quick: {},
  async run({ samples }, { account }) {
    await withGateway(
      null,
      async ({ url, key }) => {
        const body = { username: KNOWN, email: 'known@mail.example', password: 'the right password' };
        await new Backend(url, key).call({ method: 'POST', path: '/v1/users', body });
        const wrongPassword = (username: string): Promise<void> =>
          expectStatus(401, `${url}/authenticate/${username}`, { password: 'a wrong password' });
        const reset = (username: string): Promise<void> =>
          expectStatus(200, `${url}/password/reset`, { username, resetUrl: PAGE });
        account.line(`a wrong password: ${await measure(samples, wrongPassword)}`);
        account.line(`a password reset: ${await measure(samples, reset)}`);
      },
      { environment },
    );
    return { figures: {}, plots: [], broken: [] };
  },
});

/** The users take turns: whatever else the machine does then affects both alike. */
async function measure(count: number, ask: (username: string) => Promise<void>): Promise<string> {
  const samplesMs: Record<typeof KNOWN | typeof UNKNOWN, number[]> = { [KNOWN]: [], [UNKNOWN]: [] };
  for (let n = -WARM_UP; n < count; n += 1) {
    for (const username of [KNOWN, UNKNOWN] as const) {
      const startedMs = performance.now();
      await ask(username);
      if (n >= 0) samplesMs[username].push(performance.now() - startedMs);
    }
  }
  const [known, unknown] = [percentile(samplesMs[KNOWN], 0.5), percentile(samplesMs[UNKNOWN], 0.5)];
  return (
    `known ${known.toFixed(3)} ms, unknown ${unknown.toFixed(3)} ms (medians of ${count} each), ` +
    `known / unknown = ${(known / unknown).toFixed(4)}`
  );
}

async function expectStatus(expected: number, url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  demand(response.status === expected, `${url} answered ${response.status}`);
}
