/** No secret leaves when something fails behind the gateway: the store, what it keeps, the mail; nor at the start. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { mimePart, startSmtpServer, startWebhook, type WebhookServer } from '../support/mail-servers.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { breakValues, replaceKeys } from '../support/walks/broken-store.js';
import { Journal } from '../support/walks/journal.js';
import { RESET_PAGE } from '../support/walks/login.js';
import { resetTokensOf } from '../support/walks/reset-mails.js';
import { makeStanding, type StandingCalls } from '../support/walks/standing.js';
import { WALK_SETTINGS } from '../support/walks/whole.js';

const REDIS_PASSWORD = 'p@ss/of+redis%41';
const WEBHOOK_SECRET = 'secret-of-the-mail-webhook-0123456789';
const SMTP_PASSWORD = 'p@ss/of+smtp%41';

describe('secrets while the store fails', () => {
  let redis: RedisServer;
  let mails: WebhookServer;

  beforeAll(async () => {
    redis = await startRedisServer(['--requirepass', REDIS_PASSWORD]);
    mails = await startWebhook();
  });

  afterAll(async () => {
    await mails.stop();
    await redis.stop();
  });

  interface Stage {
    readonly gateway: GatewayProcess;
    readonly journal: Journal;
    readonly calls: StandingCalls;
  }

  async function start(prefix: string): Promise<Stage> {
    const gateway = await startGatewayProcess({
      ...WALK_SETTINGS,
      SALLYPORT_REDIS_URL: redis.url.replace('//', `//default:${encodeURIComponent(REDIS_PASSWORD)}@`),
      SALLYPORT_REDIS_PREFIX: prefix,
      SALLYPORT_REQUEST_DEADLINE_MS: '5000',
      SALLYPORT_MAIL_WEBHOOK_URL: mails.url,
      SALLYPORT_MAIL_WEBHOOK_SECRET: WEBHOOK_SECRET,
    });
    const journal = new Journal(gateway.url, gateway.socketUrl);
    journal.keep('Redis password', REDIS_PASSWORD);
    journal.keep('webhook secret', WEBHOOK_SECRET);
    return { gateway, journal, calls: await makeStanding(journal, resetTokensOf(mails)) };
  }

  /** Those of the stage, all at once: some are on their way when something happens to the store. */
  async function callAll({ calls }: Stage): Promise<void> {
    await Promise.all(calls.map((call) => call()));
  }

  async function untilReady(journal: Journal, status: 200 | 503): Promise<void> {
    await eventually(async () => {
      const answer = await journal.call('GET', '/readyz');
      return answer.status === status ? null : `${String(answer.status)} ${answer.text}`;
    }, 15_000);
  }

  it('SC4 a store with broken values: calls are 500, their causes are logged, and no secret is', async () => {
    const stage = await start('secrets-broken:');
    const client = new Redis(redis.url, { password: REDIS_PASSWORD });
    const value = stage.journal.keep('broken value', 'br0ken-value');
    await breakValues(client, 'secrets-broken:', value);
    await callAll(stage);
    await replaceKeys(client, 'secrets-broken:', value);
    await callAll(stage);
    client.disconnect();
    const { logs, errors } = await nothingFound(stage);
    expect(logs.split('"event":"request_failed"').length).toBeGreaterThan(10);
    for (const text of ['"event":"admission_failed"', 'WRONGTYPE', 'valid JSON']) expect(logs).toContain(text);
    expect(errors).toContain('500 ');
  });

  it('SC3 a store that stalls, goes and comes back empty: calls are 503, and no secret is in logs or answers', async () => {
    const stage = await start('secrets-away:');
    redis.pause();
    await callAll(stage);
    redis.resume();
    await untilReady(stage.journal, 200);
    await callAll(stage);
    await Promise.all([callAll(stage), redis.stop()]);
    await untilReady(stage.journal, 503);
    await callAll(stage);
    redis = await startRedisServer(['--requirepass', REDIS_PASSWORD], redis.port);
    await untilReady(stage.journal, 200);
    await callAll(stage);
    const { logs, errors } = await nothingFound(stage);
    expect(logs).toContain('"event":"store_lost"');
    for (const text of ['503 ', '401 ', '"status":503']) expect(errors).toContain(text);
  });

  it('SC3 a store that refuses the password of the settings: no secret is in logs or answers', async () => {
    const wrong = 'wr0ng/p@ss+of+redis';
    const gateway = await startGatewayProcess({
      ...WALK_SETTINGS,
      SALLYPORT_REDIS_URL: redis.url.replace('//', `//default:${encodeURIComponent(wrong)}@`),
    });
    const journal = new Journal(gateway.url, gateway.socketUrl);
    journal.keep('Redis password', wrong);
    await untilReady(journal, 503);
    const { logs } = await nothingFound({ gateway, journal });
    expect(logs).toContain('"reason":"WRONGPASS"');
  });

  /** Stops it, and gives what was looked through. */
  async function nothingFound({
    gateway,
    journal,
  }: Omit<Stage, 'calls'>): Promise<{ readonly logs: string; readonly errors: string }> {
    const { text: metrics } = await journal.call('GET', '/metrics');
    await journal.leave();
    await gateway.stop();
    const places = { logs: gateway.output(), metrics, errors: journal.everyError() };
    expect(journal.scan.found(places)).toEqual([]);
    return places;
  }
});

describe('secrets of mail and of the start', () => {
  it.each([
    ['takes it', SMTP_PASSWORD, {}],
    ['repeats a wrong password', 'another-p@ssword', {}],
    ['refuses the recipient', SMTP_PASSWORD, { refuse: 'nobody wants' }],
  ] as const)('SC5 mail by SMTP to a server that %s shows no secret', async (_, given, more) => {
    const server = await startSmtpServer({ password: SMTP_PASSWORD, tls: 'none', ...more });
    const auth = `mailer:${encodeURIComponent(given)}`;
    const gateway = await startGatewayProcess({
      ...WALK_SETTINGS,
      SALLYPORT_SMTP_URL: `smtp://${auth}@127.0.0.1:${String(server.port)}`,
      SALLYPORT_MAIL_FROM: 'sallyport@play.example',
    });
    const journal = new Journal(gateway.url, gateway.socketUrl);
    journal.keep('SMTP password', given);
    await mailTo(journal);
    const [mail] = server.taken;
    if (mail !== undefined) journal.keep('reset token', tokenIn(mimePart(mail.raw, 'text/plain')));
    await expectNothing(journal, gateway, mail === undefined);
    await server.stop();
  });

  it.each([200, 302, 500])('SC5 mail by a webhook that answers %s shows no secret', async (status) => {
    const server = await startWebhook(status, { location: 'https://evil.example/?the-answer-of-the-webhook' });
    const gateway = await startGatewayProcess({
      ...WALK_SETTINGS,
      SALLYPORT_MAIL_WEBHOOK_URL: server.url,
      SALLYPORT_MAIL_WEBHOOK_SECRET: WEBHOOK_SECRET,
    });
    const journal = new Journal(gateway.url, gateway.socketUrl);
    journal.keep('webhook secret', WEBHOOK_SECRET);
    await mailTo(journal);
    journal.keep('reset token', tokenIn(JSON.stringify(server.calls[0]?.body)));
    await expectNothing(journal, gateway, status !== 200);
    await server.stop();
  });

  it('SC6 the root key that is made at a start stands in its greeting, and nowhere else', async () => {
    const gateway = await startGatewayProcess({ ...WALK_SETTINGS, SALLYPORT_ROOT_KEY: '', SALLYPORT_SECRET: '' });
    await eventually(() => (gateway.output().includes('Stop: Ctrl-C') ? null : 'no greeting'));
    const key = /shown only here:\n\s+(\S+)/.exec(gateway.output())?.[1] ?? '';
    const journal = new Journal(gateway.url, gateway.socketUrl);
    journal.keep('made root key', key);
    await journal.call('GET', '/v1/users', { headers: { authorization: `Bearer ${key}` } });
    await journal.call('GET', `/session/${key}?apiKey=${key}x`);
    await journal.call('PUT', `/v1/users/${key}`, { headers: { authorization: `Bearer ${key}` } });
    await gateway.stop();
    const [, greeting = '', after = ''] = /^([^]*Stop: Ctrl-C)([^]*)$/.exec(gateway.output()) ?? [];
    const said = greeting.split('\n').filter((line) => !line.startsWith('{'));
    expect(said.filter((line) => line.includes(key))).toHaveLength(2);
    const logs = gateway
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(journal.scan.found({ logs: logs.join('\n'), after, errors: journal.everyError() })).toEqual([]);
  });

  /** Asks for a reset, and waits until its mail was sent or given up. */
  async function mailTo(journal: Journal): Promise<void> {
    const { id } = await journal.newUser();
    await journal.done('POST', '/password/reset', { json: { userId: id, resetUrl: RESET_PAGE } });
    await eventually(async () => {
      const { text } = await journal.call('GET', '/metrics');
      return /^sallyport_mails_(?:sent|failed)_total 1$/m.test(text) ? null : 'neither sent nor failed';
    });
  }

  async function expectNothing(journal: Journal, gateway: GatewayProcess, isFailed: boolean): Promise<void> {
    const { text: metrics } = await journal.call('GET', '/metrics');
    await gateway.stop();
    const logs = gateway.output();
    expect(logs.includes('"event":"mail_not_sent"')).toBe(isFailed);
    expect(journal.scan.found({ logs, metrics })).toEqual([]);
  }
});

function tokenIn(text: string): string {
  return /token=([0-9A-Za-z]{43})/.exec(text)?.[1] ?? '';
}
