/** Mail to users, handed to real servers on loopback. */
import { afterEach, describe, expect, it } from 'vitest';
import { createWebhookMailer } from '../../src/adapters/mail-webhook/mailer.js';
import { createOutbound } from '../../src/adapters/outbound/outbound.js';
import { createOutbox } from '../../src/adapters/outbox/outbox.js';
import { createSmtpMailer } from '../../src/adapters/smtp/mailer.js';
import type { Mailer } from '../../src/ports/mailer.js';
import { LOCALHOST_CERT } from '../support/localhost-tls.js';
import { mimePart, startSmtpServer, startWebhook } from '../support/mail-servers.js';
import { ManualClock } from '../support/manual-clock.js';

const FROM = 'Sallyport <no-reply@gateway.example>';
const MAIL = {
  to: 'somebody@mail.example',
  subject: 'Reset your password – now',
  text: 'Hello,\n\nhttps://app.example/reset?token=abc=def\n',
  html: '<p>Hello – <a href="https://app.example/reset?token=abc=def">here</a></p>',
};
const REFUSED = /^the mail server did not accept the mail: /;

describe('mail over SMTP', () => {
  const stops: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function serve(options: Parameters<typeof startSmtpServer>[0] = {}) {
    const server = await startSmtpServer(options);
    stops.push(() => server.stop());
    return server;
  }

  function mailer(url: string, more: Partial<Parameters<typeof createSmtpMailer>[0]> = {}): Mailer {
    const made = createSmtpMailer({ url, from: FROM, allowPlain: false, ...more });
    stops.push(() => made.stop());
    return made;
  }

  it('LS24 a mail arrives at its one recipient, as plain text and as HTML', async () => {
    const { port, taken } = await serve({ tls: 'none' });
    await mailer(`smtp://127.0.0.1:${String(port)}`).send(MAIL);
    expect(taken).toHaveLength(1);
    const { raw = '', ...envelope } = taken[0] ?? {};
    expect(envelope).toEqual({ from: 'no-reply@gateway.example', to: [MAIL.to], isSecure: false, user: null });
    expect(raw).toMatch(/^From: Sallyport <no-reply@gateway\.example>\r$/m);
    expect(raw).toMatch(/^To: somebody@mail\.example\r$/m);
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mimePart(raw, 'text/plain').replaceAll('\r\n', '\n').trim()).toBe(MAIL.text.trim());
    expect(mimePart(raw, 'text/html').trim()).toBe(MAIL.html);
  });

  it('LS24 an address that looks like a list or like headers goes to nobody else', async () => {
    const { port, taken } = await serve({ tls: 'none' });
    const smtp = mailer(`smtp://127.0.0.1:${String(port)}`);
    for (const to of [
      'a@mail.example, b@mail.example',
      'a@mail.example\r\nBcc: b@mail.example',
      'a@x> <b@mail.example',
    ]) {
      await smtp.send({ ...MAIL, to }).catch(() => undefined);
    }
    for (const { to, raw } of taken) {
      expect(to).toHaveLength(1);
      expect(to).not.toContain('b@mail.example');
      expect(raw).not.toMatch(/^Bcc:/m);
    }
  });

  it('LS24 logs in, over TLS, by STARTTLS and from the first byte', async () => {
    for (const [tls, scheme] of [
      ['starttls', 'smtp'],
      ['implicit', 'smtps'],
    ] as const) {
      const { port, taken } = await serve({ tls, password: 'p@ss/word' });
      const url = `${scheme}://mailer:p%40ss%2Fword@localhost:${String(port)}`;
      await mailer(url, { ca: LOCALHOST_CERT }).send(MAIL);
      expect(taken).toMatchObject([{ isSecure: true, user: 'mailer' }]);
    }
  });

  it('LS24 a server whose certificate nobody vouches for gets no mail, whatever the mode', async () => {
    for (const [tls, scheme] of [
      ['starttls', 'smtp'],
      ['implicit', 'smtps'],
    ] as const) {
      const { port, taken } = await serve({ tls });
      const sent = mailer(`${scheme}://localhost:${String(port)}`, { allowPlain: true }).send(MAIL);
      await expect(sent).rejects.toThrow(REFUSED);
      expect(taken).toEqual([]);
    }
  });

  it('LS24 what a server says of addresses and passwords is in no error', async () => {
    const refusing = await serve({ tls: 'none', refuse: 'no such box:' });
    const guarded = await serve({ password: 'right-password' });
    const sends = [
      mailer(`smtp://127.0.0.1:${String(refusing.port)}`),
      mailer(`smtp://mailer:wrong-password@localhost:${String(guarded.port)}`, { ca: LOCALHOST_CERT }),
      mailer('smtp://127.0.0.1:1'),
    ].map((smtp) =>
      smtp.send(MAIL).then(
        () => null,
        (error: unknown) => error,
      ),
    );
    for (const error of await Promise.all(sends)) {
      const { message, stack, cause } = error as Error;
      expect([message, cause]).toEqual([
        expect.stringMatching(/^the mail server did not accept the mail: [A-Z]+( \d{3})?$/),
        undefined,
      ]);
      expect(`${message} ${String(stack)}`).not.toMatch(/mail\.example|password/);
    }
  });

  it('LS24 a silent server is given up on after the deadline, and at once by stop', async () => {
    const { port } = await serve({ isSilent: true });
    const url = `smtp://127.0.0.1:${String(port)}`;
    await expect(mailer(url, { deadlineMs: 50 }).send(MAIL)).rejects.toThrow(REFUSED);
    const smtp = mailer(url);
    const sent = expect(smtp.send(MAIL)).rejects.toThrow(REFUSED);
    await smtp.stop();
    await smtp.stop();
    await sent;
    await expect(smtp.send(MAIL)).rejects.toThrow(REFUSED);
  });

  it('LS24 outside of development and loopback a server without TLS gets no mail', async () => {
    const { port, taken } = await serve({ tls: 'none' });
    // Loopback as well, in a spelling that is not taken for it.
    const url = `smtp://[::ffff:127.0.0.1]:${String(port)}`;
    await expect(mailer(url).send(MAIL)).rejects.toThrow(REFUSED);
    expect(taken).toEqual([]);
    await mailer(url, { allowPlain: true }).send(MAIL);
    expect(taken).toHaveLength(1);
  });
});

describe('mail by webhook', () => {
  const SECRET = 'secret-of-the-mail-webhook-0123456789';
  const outbound = createOutbound({ isDevelopment: true, isAllowed: () => false });

  it('LS25 a mail is one POST of JSON with the secret', async () => {
    const hook = await startWebhook(204);
    await createWebhookMailer({ url: hook.url, secret: SECRET, outbound }).send(MAIL);
    expect(hook.calls).toEqual([
      {
        method: 'POST',
        headers: expect.objectContaining({ authorization: `Bearer ${SECRET}` }) as unknown,
        body: MAIL,
      },
    ]);
    await hook.stop();
  });

  it('LS25 any answer but 2xx, a redirect and silence are failures; a redirect is not followed', async () => {
    const target = await startWebhook(200);
    for (const [status, headers] of [
      [500, {}],
      [404, {}],
      [307, { location: target.url }],
    ] as const) {
      const hook = await startWebhook(status, headers);
      const sent = createWebhookMailer({ url: hook.url, secret: SECRET, outbound }).send(MAIL);
      await expect(sent).rejects.toThrow(`the mail webhook answered ${String(status)}`);
      await hook.stop();
    }
    expect(target.calls).toEqual([]);
    const silent = await startWebhook(0);
    await expect(
      createWebhookMailer({ url: silent.url, secret: SECRET, outbound, deadlineMs: 50 }).send(MAIL),
    ).rejects.toThrow();
    const stopping = createWebhookMailer({ url: silent.url, secret: SECRET, outbound });
    const sent = expect(stopping.send(MAIL)).rejects.toThrow();
    await stopping.stop();
    await sent;
    await Promise.all([target.stop(), silent.stop()]);
  });
});

it('LS26 the outbox keeps the newest hundred mails, newest first', async () => {
  const clock = new ManualClock();
  const outbox = createOutbox(clock);
  for (let n = 0; n < 150; n += 1) {
    await outbox.send({ ...MAIL, subject: String(n) });
    clock.advance(1);
  }
  const kept = outbox.recent();
  expect(kept.map(({ subject }) => Number(subject))).toEqual(Array.from({ length: 100 }, (_, n) => 149 - n));
  expect(kept[0]).toEqual({ ...MAIL, subject: '149', sentAtMs: clock.nowMs() - 1 });
});
