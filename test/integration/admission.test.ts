import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { Client, type Refused } from '../support/client.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { inParallel } from '../support/in-parallel.js';

const JOINS = 2000;
const MAX_USERS = 500;
const MINTS_AT_ONCE = 50;

describe.each(STORES)('admission on $store', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;

  beforeAll(async () => {
    running = await startGateway({ redisUrl: redisUrl() });
    backend = new Backend(running.url);
  });

  afterAll(() => running.stop());

  it(`CN10 of ${String(JOINS)} sockets that join at once exactly ${String(MAX_USERS)} are admitted`, async () => {
    const session = await backend.createSession(1, { max_users: MAX_USERS + 1 });
    const id = session.session_id;
    const tokens: string[] = [];
    await inParallel([...Array(JOINS).keys()], MINTS_AT_ONCE, async (n) => {
      tokens.push(await backend.mint(id, `user${String(n)}`));
    });
    const outcomes = await Promise.all(tokens.map((token) => Client.attempt(running.socketUrl, token)));
    const admitted = outcomes.filter((outcome) => outcome instanceof Client);
    const refused = outcomes.filter((outcome): outcome is Refused => !(outcome instanceof Client));
    // The listed user that has not joined holds a seat as well.
    expect(admitted).toHaveLength(MAX_USERS);
    expect(refused).toHaveLength(JOINS - MAX_USERS);
    expect(new Set(refused.map(({ status, body }) => `${String(status)} ${String(body.code)}`))).toEqual(
      new Set(['409 session_full']),
    );
    await Promise.all(admitted.map((client) => client.expect('welcome')));
    expect(new Set(admitted.map((client) => client.index)).size).toBe(MAX_USERS);
    expect(admitted.filter((client) => client.welcome.you.role === 'host')).toHaveLength(1);
    const members = await backend.native('GET', `/v1/relays/sessions/${id}/members`);
    expect(members.body.members).toHaveLength(MAX_USERS);
    for (const client of admitted) client.drop();
  });

  it('CN18 of 2,000 sockets that are admitted one after the other none is closed without a word', async () => {
    const session = await backend.createSession(1, { max_users: 100 });
    const tokens = await Promise.all(
      Array.from({ length: 40 }, (_, n) => backend.mint(session.session_id, `again${String(n)}`)),
    );
    let opened = 0;
    const lost: string[] = [];
    const comeAndGo = async (token: string): Promise<void> => {
      for (let n = 0; n < 50; n += 1) {
        const client = await Client.join(running.socketUrl, token);
        opened += 1;
        // Closed on our side now; until here it must have been open.
        if (client.closed !== null) lost.push(JSON.stringify(client.closed));
        await client.settle().catch((error: unknown) => lost.push(String(error)));
        client.drop();
      }
    };
    await Promise.all(tokens.map(comeAndGo));
    expect(opened).toBe(2000);
    expect(lost).toEqual([]);
  });
});
