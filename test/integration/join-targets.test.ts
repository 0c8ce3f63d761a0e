/** Targets that the gateway may not call, given as `webhook_url` and `join_url`, and asked at a real join. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type OutboundOptions } from '../../src/adapters/outbound/outbound.js';
import { systemClock } from '../../src/adapters/system/clock.js';
import { systemCrypto } from '../../src/adapters/system/crypto.js';
import { createWebhookSigner } from '../../src/adapters/standard-webhooks/signer.js';
import { JoinQuestions } from '../../src/events/join-question.js';
import type { JoinAsked } from '../../src/ports/join-question.js';
import { emptyTallies } from '../../src/ports/metrics.js';
import { parseProjectId, parseSessionId, parseUserId } from '../../src/protocol/ids.js';
import * as f from '../contract/suites/fixtures.js';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { startDnsServer, type DnsServer } from '../support/dns-server.js';
import { FORBIDDEN_URLS } from '../support/forbidden-urls.js';
import { SECRET, startGateway } from '../support/gateway.js';
import { silentLog } from '../support/silent-log.js';

const USERS = [{ ip: '127.0.0.1' }];

describe('forbidden targets of sessions', () => {
  let canary: ReturnType<typeof createServer>;
  let port = '';
  let connections = 0;
  let dns: DnsServer;

  beforeAll(async () => {
    canary = createServer((socket: Socket) => {
      connections += 1;
      socket.destroy();
    });
    canary.listen(0, '::');
    await once(canary, 'listening');
    port = String((canary.address() as AddressInfo).port);
    dns = await startDnsServer({
      'to-loopback.test': [['127.0.0.1']],
      'to-metadata.test': [['169.254.169.254']],
      'to-both.test': [['93.184.215.14', '127.0.0.1']],
      'to-zero.test': [['0.0.0.0']],
    });
  });

  afterAll(async () => {
    canary.close();
    await dns.stop();
  });

  /** The code of the refused join; null when the client was let in. */
  async function joinTo(socketUrl: string, session: RelaySessionAnswer): Promise<string | null> {
    const outcome = await Client.attempt(socketUrl, pairOf(session));
    if (!(outcome instanceof Client)) return outcome.body.code ?? '';
    outcome.drop();
    return null;
  }

  it('OC6 JQ9 (A13) refuses each when it is given, or at the join when only its name could tell, and connects to nothing', async () => {
    const gateway = await startGateway();
    const backend = new Backend(gateway.url);
    const open = await backend.createSession(1);
    let asked = 0;
    for (const written of FORBIDDEN_URLS) {
      const url = written.replace('PORT', port);
      const created = await backend.relays('POST', '/v1/relays/sessions', { users: USERS, join_url: url });
      const hooked = await backend.relays('POST', '/v1/relays/sessions', { users: USERS, webhook_url: url });
      const changes = await Promise.all(
        [{ join_url: url }, { webhook_url: url }].map((change) =>
          backend.native('PATCH', `/v1/relays/sessions/${open.session_id}`, change),
        ),
      );
      const statuses = [created, hooked, ...changes].map(({ status }) => status);
      if (created.status === 200) {
        // A name that the gateway has to resolve first.
        expect([url, ...statuses]).toEqual([url, 200, 200, 200, 200]);
        asked += 1;
        expect([url, await joinTo(gateway.socketUrl, created.body as RelaySessionAnswer)]).toEqual([
          url,
          'join_unanswered',
        ]);
      } else expect([url, ...statuses]).toEqual([url, 400, 400, 400, 400]);
    }
    expect(connections).toBe(0);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(15);
    await gateway.stop();
  });

  it('OC6 the control: in development the same canary is reached, by a question', async () => {
    const before = connections;
    const gateway = await startGateway({ env: { SALLYPORT_ENV: 'development' } });
    const session = await new Backend(gateway.url).createSession(1, { join_url: `http://127.0.0.1:${port}/` });
    expect(await joinTo(gateway.socketUrl, session)).toBe('join_unanswered');
    expect(connections).toBe(before + 1);
    await gateway.stop();
  });

  it.each(FORBIDDEN_URLS.filter((url) => url.includes('.test')))(
    'JQ6 (A13) the question is not asked of %s, whatever its name leads to',
    async (written) => {
      const asked: JoinAsked = {
        ...{ sessionId: f.sure(parseSessionId('0123456789ab-S')), userId: f.sure(parseUserId('ada')) },
        credentialKind: 'relay_pair',
        address: '192.0.2.1',
      };
      const session = { projectId: f.sure(parseProjectId('default')), metadata: {} };
      const ask = (options: OutboundOptions): Promise<string | null> => {
        const resolve = (name: string): ReturnType<DnsServer['resolve']> => dns.resolve(name);
        const deps = { clock: systemClock(), crypto: systemCrypto(), log: silentLog, tallies: emptyTallies() };
        const bounds = { perTarget: 1, inAll: 1 };
        return new JoinQuestions({
          ...{ outbound: createOutbound({ ...options, resolve }), signer: createWebhookSigner(SECRET), ...deps },
          rules: { joinUrl: null, deadlineMs: 2_000, onFailure: 'closed', bounds },
        }).ask(written.replace('PORT', port), asked, session, null);
      };
      const before = connections;
      const refused = { code: 'join_unanswered' };
      await expect(ask({ isDevelopment: false, isAllowed: () => false })).rejects.toMatchObject(refused);
      expect(connections).toBe(before);
      if (!written.includes('to-loopback')) return;
      // The control: without the guard the canary is reached.
      await expect(ask({ isDevelopment: false, isAllowed: () => true })).rejects.toMatchObject(refused);
      expect(connections).toBe(before + 1);
    },
  );
});
