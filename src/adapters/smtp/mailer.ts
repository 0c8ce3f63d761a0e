/**
 * Mail over SMTP: one connection per mail, TLS as the URL says, certificates always checked, one deadline for
 * everything.
 */
import { createTransport } from 'nodemailer';
import type { Mail, Mailer } from '../../ports/mailer.js';

export interface SmtpMailerOptions {
  /** `smtps://` or `smtp://`, with user and password if the server needs them. */
  readonly url: string;
  readonly from: string;
  /** Whether mail may go to a server without TLS. A server on a loopback address always may. */
  readonly allowPlain: boolean;
  /** A certificate authority to trust in addition to the system's own, PEM. */
  readonly ca?: string;
  /** The deadline for one mail. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 20_000;
const STEP_TIMEOUT_MS = 10_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smtp:': 25, 'smtps:': 465 };
const LOOPBACK = /^(localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

export function createSmtpMailer(options: SmtpMailerOptions): Mailer {
  const { from, deadlineMs = DEADLINE_MS } = options;
  const transport = createTransport(transportOptions(options));
  const stopped = new AbortController();
  return {
    send: async (mail) => {
      // Aborting a mail closes its connection.
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(deadlineMs)]);
      try {
        await transport.sendMail({ ...messageOf(mail, from), signal });
      } catch (error) {
        throw described(error);
      }
    },
    stop: async () => {
      stopped.abort();
      transport.close();
    },
  };
}

function transportOptions({ url, allowPlain, ca }: SmtpMailerOptions) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const user = decodeURIComponent(username);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    secure: protocol === 'smtps:',
    requireTLS: protocol === 'smtp:' && !allowPlain && !LOOPBACK.test(hostname),
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(password) } }),
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: STEP_TIMEOUT_MS,
    dnsTimeout: STEP_TIMEOUT_MS,
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) },
    // Mails consist of text only: never follow a path or URL in one.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function messageOf({ to, subject, text, html }: Mail, from: string) {
  // One recipient, whatever the address contains; the header stops automatic replies (RFC 3834).
  return {
    from,
    to: { name: '', address: to },
    subject,
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** Servers repeat addresses and credentials in their answers, so only the codes are reported. */
function described(error: unknown): Error {
  const codes = ['code', 'responseCode']
    .map((name): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined))
    .filter((code) => typeof code === 'string' || typeof code === 'number');
  const why = codes.length > 0 ? codes.join(' ') : error instanceof Error ? error.name : 'unknown';
  return new Error(`the mail server did not accept the mail: ${why}`);
}
