/** Mail over SMTP: one connection a mail, TLS by the URL, certificates always checked, everything within a deadline. */
import { createTransport } from 'nodemailer';
import type { Mail, Mailer } from '../../ports/mailer.js';

export interface SmtpMailerOptions {
  /** `smtps://` or `smtp://`, with user and password when the server wants them. */
  readonly url: string;
  readonly from: string;
  /** Whether mail may go to a server that offers no TLS. The one on a loopback address always gets it. */
  readonly allowPlain: boolean;
  /** A certificate authority to trust beside the system's own, PEM. */
  readonly ca?: string;
  /** How long one mail may take. */
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
      // An aborted mail takes its connection with it.
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
    // Mails are made of texts: a path or a URL in one is never followed.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function messageOf({ to, subject, text, html }: Mail, from: string) {
  // One recipient, whatever is written in its address; and no answers from vacation programs (RFC 3834).
  return {
    from,
    to: { name: '', address: to },
    subject,
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** Servers repeat addresses and credentials in what they answer: only the codes may be told. */
function described(error: unknown): Error {
  const codes = ['code', 'responseCode']
    .map((name): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined))
    .filter((code) => typeof code === 'string' || typeof code === 'number');
  const why = codes.length > 0 ? codes.join(' ') : error instanceof Error ? error.name : 'unknown';
  return new Error(`the mail server did not take the mail: ${why}`);
}
