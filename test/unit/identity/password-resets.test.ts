import { expect, it } from 'vitest';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { Attempts } from '../../../src/identity/attempts.js';
import { AuditLog } from '../../../src/identity/audit.js';
import { PasswordResets } from '../../../src/identity/password-resets.js';
import { ResetTokens } from '../../../src/identity/reset-tokens.js';
import { ResetUrls } from '../../../src/identity/reset-urls.js';
import { UserSessions } from '../../../src/identity/user-sessions.js';
import { Organizations } from '../../../src/identity/organizations.js';
import { Users } from '../../../src/identity/users.js';
import { Failure } from '../../../src/protocol/failure.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { Mail } from '../../../src/ports/mailer.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLog } from '../../support/silent-log.js';

const PAGE = 'https://app.example/reset';
/** After which mails begin to be sent. */
const DELAY_MS = 250;
const ADDRESS = '192.0.2.1';
const REACH = { closed: 0, nodesAcked: 1, nodesTimedOut: 0 };
const UNLIMITED = { perAccount: 0, perAddress: 0, periodMs: 1000 };

async function start(send: (mail: Mail) => Promise<void> = async () => undefined) {
  const clock = new ManualClock();
  const crypto = systemCrypto();
  const log = new RecordingLog();
  const store = createMemoryStore({ clock });
  const passwords = {
    isBusy: false,
    hash: async (password: string) => {
      if (passwords.isBusy) throw new Failure('too_many_requests');
      return `hash of ${password}`;
    },
    matches: async (phc: string | null, password: string) => phc === `hash of ${password}`,
  };
  const enforcer = { touched: () => undefined, over: async () => REACH };
  const policy = { lifetimeMs: 1e9, inactivityMs: 1e9, limit: { max: 0, whenFull: 'reject_new' as const } };
  const organizations = new Organizations({ store: store.directory, crypto, clock });
  const sessions = new UserSessions({
    store: store.userSessions,
    enforcer,
    organizations,
    crypto,
    policy,
    tallies: emptyTallies(),
  });
  const users = new Users({ store: store.directory, sessions, passwords, crypto, clock });
  const attempts = new Attempts({
    rates: store.rateLimits,
    known: store.oneTime,
    crypto,
    purpose: 'x',
    policy: UNLIMITED,
  });
  const mails: Mail[] = [];
  const tallies = { mailsSent: 0, mailsFailed: 0 };
  const resets = new PasswordResets({
    users,
    passwords,
    attempts,
    signIns: attempts,
    rates: store.rateLimits,
    mailsPerHour: 3,
    crypto,
    clock,
    tallies,
    log,
    tokens: new ResetTokens({ store: store.oneTime, crypto, clock }),
    urls: new ResetUrls([PAGE]),
    audit: new AuditLog(log),
    mailer: {
      send: async (mail) => {
        await send(mail);
        mails.push(mail);
      },
      stop: async () => undefined,
    },
  });
  const user = await users.create({ username: 'alice', email: 'alice@mail.example', password: 'old' });
  const request = async (names: Readonly<Record<string, string>> = { username: 'alice' }) => {
    await resets.request({ names, template: 'default', resetUrl: PAGE, address: ADDRESS });
    clock.advance(DELAY_MS);
  };
  const token = async (count = 1) => {
    await eventually(() => (mails.length === count ? null : `${mails.length} mails`));
    return /token=([0-9A-Za-z]{43})/.exec(mails.at(-1)?.text ?? '')?.[1] ?? '';
  };
  const confirm = (text: string) =>
    resets.confirm({ token: text, username: 'alice', newPassword: 'new', address: ADDRESS }).then(
      () => 'done',
      (error: unknown) => (error instanceof Failure ? error.code : 'other'),
    );
  return { clock, log, users, user, passwords, mails, tallies, resets, request, token, confirm };
}

it('LS22 a token is good for half an hour', async () => {
  const { clock, request, token, confirm } = await start();
  await request();
  const first = await token();
  clock.advance(30 * 60_000 - 1);
  expect(await confirm(first)).toBe('done');
  await request();
  const second = await token(2);
  clock.advance(30 * 60_000);
  expect(await confirm(second)).toBe('reset_token_invalid');
});

it('LS21 a token whose use fails for a reason that passes is good again', async () => {
  const { request, token, confirm, passwords, users, user } = await start();
  await request();
  const text = await token();
  passwords.isBusy = true;
  expect(await confirm(text)).toBe('too_many_requests');
  passwords.isBusy = false;
  expect([await confirm(text), await confirm(text)]).toEqual(['done', 'reset_token_invalid']);
  expect((await users.existing(user.id)).passwordHash).toBe('hash of new');
});

it('LS20 whatever names the requests come under, a user gets so many mails an hour', async () => {
  const { clock, request, users, mails, user } = await start();
  const everyName = [{ userId: user.id }, { username: 'alice' }, { email: user.email ?? '' }];
  const counts: number[] = [];
  for (let hour = 0; hour < 2; hour += 1) {
    for (const names of [...everyName, ...everyName]) await request(names);
    // One at a time, each waited for: those before had their turn.
    for (let n = 0; n < 5; n += 1) {
      const email = `user${hour}${n}@mail.example`;
      await users.create({ email });
      await request({ email });
      await eventually(() => (mails.some(({ to }) => to === email) ? null : 'no mail'));
    }
    counts.push(mails.filter(({ to }) => to === user.email).length);
    clock.advance(60 * 60_000);
  }
  expect(counts).toEqual([3, 6]);
});

it('LS20 when the line of mails is full the next request is 429, whoever it is for', async () => {
  let sending = 0;
  const { request, users, resets, log, tallies } = await start(() => {
    sending += 1;
    return new Promise(() => undefined);
  });
  for (let n = 0; n < 4; n += 1) {
    const email = `user${n}@mail.example`;
    await users.create({ email });
    await request({ email });
  }
  await eventually(() => (sending === 4 ? null : `${sending} are being sent`));
  for (let n = 0; n < 1000; n += 1) await request({ username: n % 2 === 0 ? 'alice' : 'nobody' });
  for (const username of ['alice', 'nobody']) {
    await expect(request({ username })).rejects.toMatchObject({ code: 'too_many_requests', retryAfterS: 10 });
  }
  expect([resets.waiting, tallies, log.events]).toEqual([1000, { mailsSent: 0, mailsFailed: 0 }, []]);
});

it('LS27 a mail that is not taken is logged and counted, and the next one is sent', async () => {
  let isDown = true;
  const { request, token, log, tallies } = await start(async () => {
    if (isDown) throw new Error('the mail server did not accept the mail: ECONNECTION');
  });
  await request();
  await eventually(() => (tallies.mailsFailed === 1 ? null : 'not counted'));
  expect(log.events).toMatchObject([{ level: 'error', event: 'mail_not_sent' }]);
  isDown = false;
  await request();
  await token();
  expect(tallies).toEqual({ mailsSent: 1, mailsFailed: 1 });
});

it('LS27 stop drops what waits, says so, and takes no more', async () => {
  const releases: (() => void)[] = [];
  const { request, users, resets, log } = await start(() => new Promise((resolve) => releases.push(resolve)));
  for (let n = 0; n < 4; n += 1) {
    const email = `user${n}@mail.example`;
    await users.create({ email });
    await request({ email });
  }
  await eventually(() => (releases.length === 4 ? null : `${releases.length} mails`));
  await request();
  await request();
  expect(resets.waiting).toBe(2);
  const stopped = resets.stop();
  for (const release of releases) release();
  await stopped;
  await resets.stop();
  expect(log.events).toEqual([{ level: 'warn', event: 'mails_dropped', fields: { count: 2 } }]);
  await expect(request()).rejects.toMatchObject({ code: 'too_many_requests' });
});
