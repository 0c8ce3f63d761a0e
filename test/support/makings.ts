/** Every REST call that makes something, with what tells one made thing from two. */
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import type { Answer, Backend } from './backend.js';
import { newUser } from './directory.js';
import { Player } from './groups.js';

type Headers = Record<string, string>;

export interface MakingStage {
  readonly backend: Backend;
  readonly redisUrl: string;
  /** How many calls will be made: what has to be there before them is made for as many. */
  readonly calls: number;
}

export interface Making {
  /** How many of them there can be; none: any number. */
  readonly atMost?: number;
  readonly send: (n: number, headers: Headers) => Promise<Answer>;
  /** Differs between two things made by the same call. */
  readonly idOf: (answer: Answer) => string;
  /** How many there are in all. */
  readonly count: () => Promise<number>;
}

export const MAKINGS: Readonly<Record<string, (stage: MakingStage) => Promise<Making> | Making>> = {
  'relay sessions': ({ backend }) => ({
    send: (n, headers) =>
      backend.relays('POST', '/v1/relays/sessions', { users: [{ ip: '10.0.0.1' }], metadata: { n } }, headers),
    idOf: ({ body }) => `${String(body.session_id)} ${String(body.session_users[0].authorization_token)}`,
    count: () => countRelaySessions(backend),
  }),

  'listed users': async ({ backend, calls }) => {
    const sessions = await prepare(calls, async () => (await backend.createSession(1)).session_id);
    return {
      send: (n, headers) =>
        backend.relays(
          'POST',
          '/v1/relays/sessions:authorize-user',
          { session_id: at(sessions, n), user_ip: '10.0.0.2' },
          headers,
        ),
      idOf: ({ body }) => `${String(body.session_id)} ${String(body.session_user.authorization_token)}`,
      async count() {
        const counts = await prepare(
          calls,
          async (n) =>
            ((await backend.relays('GET', `/v1/relays/sessions/${at(sessions, n)}`)).body.session_users as unknown[])
              .length,
        );
        return counts.reduce((sum, count) => sum + count, 0);
      },
    };
  },

  users: ({ backend }) => ({
    send: (n, headers) => backend.native('POST', '/v1/users', { username: `user-${String(n)}` }, headers),
    idOf: ({ body }) => `${String(body.id)} ${String(body.created_at)}`,
    count: () => countPages(backend, '/v1/users', 'users'),
  }),

  organizations: ({ backend }) => ({
    send: (n, headers) =>
      backend.native('POST', '/v1/organizations', { name: 'One name', slug: `s-${String(n)}` }, headers),
    idOf: ({ body }) => String(body.id),
    count: () => countPages(backend, '/v1/organizations', 'organizations'),
  }),

  memberships: async ({ backend, calls }) => {
    const users = await prepareUsers(backend, calls);
    const organization = await backend.native('POST', '/v1/organizations', { name: 'Everybody' });
    const path = `/v1/organizations/${String(organization.body.id)}/memberships`;
    return {
      send: (n, headers) => backend.native('POST', path, { user_id: at(users, n) }, headers),
      idOf: ({ body }) => `${String(body.user_id)} ${String(body.created_at)}`,
      count: () => countPages(backend, path, 'memberships'),
    };
  },

  'JWT templates': ({ backend }) => ({
    // A deployment has a hundred at most.
    atMost: 100,
    send: (n, headers) => backend.native('POST', '/v1/jwt_templates', { name: `t-${String(n)}`, claims: {} }, headers),
    idOf: ({ body }) => `${String(body.name)} ${String(body.created_at)}`,
    count: async () => ((await backend.native('GET', '/v1/jwt_templates')).body.jwt_templates as unknown[]).length,
  }),

  'API keys': ({ backend }) => ({
    send: (n, headers) => backend.native('POST', '/v1/keys', { name: `k${String(n)}`, scopes: ['relays'] }, headers),
    idOf: ({ body }) => `${String(body.id)} ${String(body.secret)}`,
    count: () => countPages(backend, '/v1/keys', 'keys'),
  }),

  'user sessions': async ({ backend, calls }) => {
    const users = await prepareUsers(backend, calls);
    return {
      send: (n, headers) => backend.native('POST', '/v1/sessions', { user_id: at(users, n) }, headers),
      idOf: ({ body }) => String(body.id),
      count: () => countPages(backend, '/v1/sessions', 'sessions'),
    };
  },

  'sign-in tokens': async ({ backend, redisUrl, calls }) => {
    const users = await prepareUsers(backend, calls);
    return {
      send: (n, headers) => backend.native('POST', '/v1/sign_in_tokens', { user_id: at(users, n) }, headers),
      idOf: ({ body }) => `${String(body.id)} ${String(body.token)}`,
      // No call lists them.
      count: () => countKeys(redisUrl, '*:once:sign_in_ticket:*'),
    };
  },

  'group sessions': async ({ backend, calls }) => {
    const players = await prepare(calls, () => Player.at(backend));
    return {
      send: (n, headers) => at(players, n).create({}, headers),
      // A repeat may be handed another token of the same member.
      idOf: ({ body }) => `${String(body.sessionId)} ${String(body.credentials.id)}`,
      count: () => countRelaySessions(backend),
    };
  },
};

const AT_ONCE = 8;

/** Makes `count` things, some side by side. Calls count from 1. */
async function prepare<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const n = (next += 1);
      made[n - 1] = await make(n);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}

async function prepareUsers(backend: Backend, count: number): Promise<string[]> {
  return await prepare(count, () => newUser(backend));
}

function at<T>(made: readonly T[], n: number): T {
  const one = made[n - 1];
  if (one === undefined) throw new Error(`nothing was prepared for call ${String(n)}`);
  return one;
}

async function countRelaySessions(backend: Backend): Promise<number> {
  return (await backend.relays('GET', '/v1/relays/sessions')).body.total_count as number;
}

async function countPages(backend: Backend, path: string, member: string): Promise<number> {
  let count = 0;
  let cursor = '';
  for (;;) {
    const answer = await backend.native('GET', `${path}?limit=100${cursor}`);
    expect(answer.status).toBe(200);
    count += answer.body[member].length as number;
    if (typeof answer.body.next_cursor !== 'string') return count;
    cursor = `&cursor=${answer.body.next_cursor as string}`;
  }
}

async function countKeys(redisUrl: string, pattern: string): Promise<number> {
  const redis = new Redis(redisUrl);
  try {
    return (await redis.keys(pattern)).length;
  } finally {
    redis.disconnect();
  }
}
