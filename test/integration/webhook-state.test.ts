/**
 * An event is written with its change: whoever hears of it can read it. SALLYPORT_TEST_WEBHOOK_READS sets how many
 * changes a test makes.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend } from '../support/backend.js';
import { STORES } from '../support/both-stores.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { inParallel } from '../support/in-parallel.js';
import { startTarget, type WebhookTarget } from '../support/webhook-target.js';

const CHANGES = Number(process.env['SALLYPORT_TEST_WEBHOOK_READS'] ?? 100);
const CHANGES_EACH = 10;

interface Told {
  readonly type: string;
  readonly session_id: string;
  readonly data: { readonly ip_address: string };
}

describe.each(STORES)('webhooks and what they tell of ($store)', ({ redisUrl }) => {
  let running: RunningGateway;
  let backend: Backend;
  let target: WebhookTarget;
  /** One entry per webhook: the address that it told of, and those that the session listed at that moment. */
  const reads: { readonly told: string; readonly listed: readonly string[] }[] = [];

  beforeEach(async () => {
    reads.length = 0;
    running = await startGateway({ redisUrl: redisUrl(), env: { SALLYPORT_ENV: 'development' } });
    backend = new Backend(running.url);
    target = await startTarget(
      () => performance.now(),
      (response, { body }) => {
        readBack(JSON.parse(body) as Told).then(
          () => response.writeHead(204).end(),
          () => response.destroy(),
        );
      },
    );
    const { status } = await backend.native('POST', '/v1/webhooks', { url: target.url, types: ['user.authorized'] });
    expect(status).toBe(201);
  });

  async function readBack({ type, session_id, data }: Told): Promise<void> {
    if (type !== 'user.authorized') return;
    const session = await backend.relays('GET', `/v1/relays/sessions/${session_id}`);
    const users = session.body.session_users as readonly { readonly ip_address: string }[];
    reads.push({ told: data.ip_address, listed: users.map(({ ip_address }) => ip_address) });
  }

  afterEach(async () => {
    await running.stop();
    await target.stop();
  });

  it('EK3 when a webhook arrives, the session that it tells of is as the webhook says', async () => {
    await inParallel([...Array(CHANGES / CHANGES_EACH).keys()], 8, async () => {
      const { session_id } = await backend.createSession();
      for (let step = 1; step <= CHANGES_EACH; step += 1) {
        const user = { session_id, user_ip: `10.0.0.${String(step)}` };
        const { status } = await backend.relays('POST', '/v1/relays/sessions:authorize-user', user);
        expect(status).toBe(200);
      }
    });
    await eventually(
      () => (reads.length >= CHANGES ? null : `${String(reads.length)} of ${String(CHANGES)} read`),
      60_000,
    );
    expect(reads.filter(({ told, listed }) => !listed.includes(told))).toEqual([]);
    expect(new Set(reads.map(({ told }) => told)).size).toBe(CHANGES_EACH);
  });
});
