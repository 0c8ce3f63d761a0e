/** Servers that take mail, on loopback: a real SMTP server, and a program behind the mail webhook. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { LOCALHOST_CERT, LOCALHOST_KEY } from './localhost-tls.js';

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came: headers and MIME parts. */
  readonly raw: string;
  readonly isSecure: boolean;
  readonly user: string | null;
}

export interface MailServer {
  readonly port: number;
  readonly taken: TakenMail[];
  stop(): Promise<void>;
}

/** `password`: what the user `mailer` has to say; null: no login. */
export interface SmtpOptions {
  readonly password?: string;
  /** From the first byte on, by STARTTLS, or not at all. */
  readonly tls?: 'implicit' | 'starttls' | 'none';
  readonly refuse?: string;
  /** Takes connections and says nothing. */
  readonly isSilent?: boolean;
}

export async function startSmtpServer(options: SmtpOptions = {}): Promise<MailServer> {
  const { password, tls = 'starttls', refuse, isSilent = false } = options;
  const taken: TakenMail[] = [];
  const settings: SMTPServerOptions = {
    secure: tls === 'implicit',
    ...(tls === 'none' ? {} : { key: LOCALHOST_KEY, cert: LOCALHOST_CERT }),
    disabledCommands: [...(password === undefined ? ['AUTH'] : []), ...(tls === 'none' ? ['STARTTLS'] : [])],
    logger: false,
    disableReverseLookup: true,
    onAuth: (auth, _session, done) => {
      const isRight = auth.username === 'mailer' && auth.password === password;
      done(isRight ? null : new Error(`no such login: ${String(auth.password)}`), { user: auth.username });
    },
    onConnect: (_session, done) => {
      if (!isSilent) done();
    },
    onRcptTo: (address, _session, done) => {
      done(refuse === undefined ? null : new Error(`${refuse} ${address.address}`));
    },
    onData: (stream, session, done) => {
      let raw = '';
      stream.setEncoding('utf8').on('data', (part: string) => (raw += part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          raw,
          isSecure: session.secure,
          user: session.user === undefined ? null : String(session.user),
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
        });
        done();
      });
    },
  };
  const server = new SMTPServer(settings);
  // Clients that are cut off mid-way are what some tests are about.
  server.on('error', () => undefined);
  const listening = await new Promise<AddressInfo>((resolve) => {
    const listener = server.listen(0, '127.0.0.1', () => {
      resolve(listener.address() as AddressInfo);
    });
  });
  return { port: listening.port, taken, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

export interface WebhookCall {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface WebhookServer {
  readonly url: string;
  readonly calls: WebhookCall[];
  stop(): Promise<void>;
}

/** Answers with `status`; 0: never. */
export async function startWebhook(status = 200, answerHeaders: Record<string, string> = {}): Promise<WebhookServer> {
  const calls: WebhookCall[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const body: unknown = text === '' ? null : JSON.parse(text);
      calls.push({ method: request.method ?? '', headers: request.headers, body });
      if (status !== 0) response.writeHead(status, answerHeaders).end('some answer');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mail`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The text of the part with this content type, its transfer encoding undone. */
export function mimePart(raw: string, type: string): string {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? '';
  const part = raw.split(`--${boundary}`).find((each) => each.includes(`Content-Type: ${type}`)) ?? '';
  const [head = '', ...body] = part.split('\r\n\r\n');
  const text = body.join('\r\n\r\n');
  if (/quoted-printable/i.test(head)) {
    const bytes = text
      .replaceAll(/=\r\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }
  return /base64/i.test(head) ? Buffer.from(text, 'base64').toString('utf8') : text;
}
