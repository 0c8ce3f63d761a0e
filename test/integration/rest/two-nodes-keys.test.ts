/** Tokens of one node at another one on the same Redis, while strangers show made-up ones there. */
import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { ClientApp, PASSWORD } from '../../support/client-app.js';
import { expectStatus, freshName } from '../../support/directory.js';
import { SECRET, startGateway, type RunningGateway } from '../../support/gateway.js';

const JUNK = 50;

describe('keys of two nodes on one Redis', () => {
  /** Two nodes of a new deployment, in which no token was signed yet. */
  async function twoNodes(secretOfB: string): Promise<readonly [RunningGateway, RunningGateway]> {
    const env = {
      SALLYPORT_REDIS_PREFIX: `two-nodes-${randomBytes(6).toString('hex')}:`,
      SALLYPORT_ISSUER: 'https://issuer.example',
    };
    return Promise.all(
      [SECRET, secretOfB].map((secret) =>
        startGateway({ redisUrl: inject('redisUrl'), env: { ...env, SALLYPORT_SECRET: secret } }),
      ),
    ) as Promise<[RunningGateway, RunningGateway]>;
  }

  /** Answers of B to invented tokens, and then to the token of a sign-in at A that has just happened. */
  async function statusesAtB([a, b]: readonly [RunningGateway, RunningGateway]): Promise<readonly number[]> {
    const atB = new Backend(b.url);
    const show = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await atB.call('GET', '/v1/connect', undefined, headers)).status;
    };
    const junk = new Set<number>();
    for (let n = 0; n < JUNK; n += 1) junk.add(await show(invented(randomBytes(28).toString('base64url'))));
    const username = freshName();
    expectStatus(await new Backend(a.url).native('POST', '/v1/users', { username, password: PASSWORD }), 201);
    const app = new ClientApp(a.url, 'native');
    const token = await app.jwt(await app.signIn(username));
    return [...junk, await show(token)];
  }

  it('TK23 a sign-in at one node counts at another one at once, with junk shown there before', async () => {
    const nodes = await twoNodes(SECRET);
    try {
      expect(await statusesAtB(nodes)).toEqual([401, 426]);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });

  it('TK23 the control: a node that cannot tell invented ids from real ones refuses it', async () => {
    const nodes = await twoNodes(`${SECRET}!`);
    try {
      expect(await statusesAtB(nodes)).toEqual([401, 401]);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });
});

function invented(kid: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })).toString('base64url');
  return `${header}.e30.AAAA`;
}
