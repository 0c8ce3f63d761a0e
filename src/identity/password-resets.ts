/**
 * Forgotten passwords. The caller learns nothing: the answer goes out before any lookup. The lookup, the token and the
 * mail are done later, in a bounded queue.
 */
import { WorkLine } from '../lib/work-line.js';
import { Failure } from '../protocol/failure.js';
import { parseDirectoryUserId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import { USER_NAMES, type UserName, type UserRecord } from '../ports/directory-store.js';
import type { Log } from '../ports/log.js';
import type { Mailer } from '../ports/mailer.js';
import type { Tallies } from '../ports/metrics.js';
import type { Passwords } from '../ports/passwords.js';
import type { RateLimitStore } from '../ports/rate-limit-store.js';
import type { Attempts } from './attempts.js';
import type { AuditLog } from './audit.js';
import { RESET_TOKEN_TTL_MS, type ResetTokens } from './reset-tokens.js';
import { resetMail, type ResetTemplate } from './reset-mail.js';
import { withResetToken, type ResetUrls } from './reset-urls.js';
import { foldUserName } from './user-names.js';
import type { Users } from './users.js';

/** Names of one account. At least one is given, and all given names must belong to the account. */
export type AccountNames = Readonly<Partial<Record<'userId' | UserName, string | undefined>>>;

export interface ResetRequest {
  readonly names: AccountNames;
  readonly template: ResetTemplate;
  readonly resetUrl: string;
  /** Canonical form. */
  readonly address: string;
}

export interface ResetConfirmation {
  readonly token: string;
  readonly username: string;
  readonly newPassword: string;
  readonly address: string;
}

export interface PasswordResetsDeps {
  readonly users: Pick<Users, 'get' | 'find' | 'setPassword' | 'finishChange'>;
  readonly passwords: Passwords;
  readonly tokens: ResetTokens;
  readonly urls: ResetUrls;
  /** null: no mailer is configured. */
  readonly mailer: Mailer | null;
  /** Limits requests, by account and address. */
  readonly attempts: Attempts;
  /** Sign-in limits; a reset restores the user's tries. */
  readonly signIns: Attempts;
  readonly rates: RateLimitStore;
  /** Most mails to one user per hour; 0: no limit. */
  readonly mailsPerHour: number;
  readonly audit: AuditLog;
  readonly crypto: Crypto;
  readonly clock: Pick<Clock, 'after'>;
  readonly tallies: Pick<Tallies, 'mailsSent' | 'mailsFailed'>;
  readonly log: Log;
}

/** The first given name identifies the account; the others must match it. */
const NAMES = ['userId', ...USER_NAMES] as const;
const LINE = { atOnce: 4, waiting: 1000, delayMs: 250 };
const HOUR_MS = 60 * 60 * 1000;
const LINE_FULL_RETRY_S = 10;

export class PasswordResets {
  private readonly line: WorkLine;
  private saidNoMailer = false;
  /** The tokens whose passwords this node sets just now. */
  private readonly underWay = new Set<string>();

  constructor(private readonly deps: PasswordResetsDeps) {
    this.line = new WorkLine(LINE, deps.clock, (cause) => {
      deps.tallies.mailsFailed += 1;
      deps.log.error('mail_not_sent', cause);
    });
  }

  /** Requests whose mail has not been sent yet. */
  get waiting(): number {
    return this.line.length;
  }

  /**
   * Resolves in the same way whether or not the user exists. Rejects with `reset_url_not_allowed` or
   * `too_many_requests`.
   */
  async request({ names, template, resetUrl, address }: ResetRequest): Promise<void> {
    const page = this.deps.urls.parse(resetUrl);
    if (page === null) throw new Failure('reset_url_not_allowed');
    await this.deps.attempts.begin(accountOf(names), address);
    if (!this.line.offer(() => this.deliver(names, template, page))) {
      throw new Failure('too_many_requests', { retryAfterS: LINE_FULL_RETRY_S });
    }
  }

  /**
   * Sets the password and ends all sessions of the user; each token works once. When the sessions did not end because
   * the store failed, the same call again, with the same password, ends them. Rejects with `reset_token_invalid`.
   */
  async confirm(confirmation: ResetConfirmation): Promise<void> {
    const { token, username, newPassword, address } = confirmation;
    const { users, tokens, signIns } = this.deps;
    const isRedeemed = await tokens.redeem(token, await users.find('username', username), (user, digest) =>
      this.set(user, newPassword, digest),
    );
    if (!isRedeemed && !(await this.finish(confirmation))) throw new Failure('reset_token_invalid');
    await signIns.succeeded(foldUserName('username', username) ?? username, address);
  }

  /** Sends no more mails. Users who still wait for a mail must ask again. Idempotent. */
  async stop(): Promise<void> {
    const [dropped] = await Promise.all([this.line.stop(), this.deps.mailer?.stop()]);
    if (dropped > 0) this.deps.log.warn('mails_dropped', { count: dropped });
  }

  private async set({ id }: UserRecord, newPassword: string, resetToken: string): Promise<void> {
    const { users, audit } = this.deps;
    this.underWay.add(resetToken);
    try {
      const { ended } = await users.setPassword(id, newPassword, { kept: null, resetToken });
      audit.record('password_reset', 'reset_token', id, { ended: ended.sessions.length });
    } finally {
      this.underWay.delete(resetToken);
    }
  }

  /** Whether this token has set this password and only sessions had to end; they are over now. */
  private async finish({ token, username, newPassword }: ResetConfirmation): Promise<boolean> {
    const { users, tokens, passwords, audit } = this.deps;
    const digest = tokens.digestOf(token);
    // Look before the read: a call that is under way may end the sessions itself during the read.
    const isUnderWay = digest !== null && this.underWay.has(digest);
    const user = await users.find('username', username);
    if (digest === null || isUnderWay || user?.sessionsToEnd?.resetToken !== digest) return false;
    if (!(await passwords.matches(user.passwordHash, newPassword))) return false;
    const { ended } = await users.finishChange(user, null);
    audit.record('password_reset', 'reset_token', user.id, { ended: ended.sessions.length });
    return true;
  }

  private async deliver(names: AccountNames, template: ResetTemplate, page: URL): Promise<void> {
    const { mailer, tokens, tallies } = this.deps;
    if (mailer === null) {
      this.sayNoMailer();
      return;
    }
    const user = await this.userNamed(names);
    if (user?.email == null || user.banned || !(await this.mayGetMail(user))) return;
    const link = withResetToken(page, await tokens.issue(user));
    const { email: to, username } = user;
    await mailer.send(resetMail(template, { to, username, link, validMinutes: RESET_TOKEN_TTL_MS / 60_000 }));
    tallies.mailsSent += 1;
  }

  private async userNamed(names: AccountNames): Promise<UserRecord | null> {
    const [first, ...others] = NAMES.filter((name) => names[name] !== undefined);
    const user = first === undefined ? null : await this.findBy(first, names[first] ?? '');
    if (user === null) return null;
    return others.every((name) => isNameOf(user, name, names[name] ?? '')) ? user : null;
  }

  private async findBy(name: (typeof NAMES)[number], text: string): Promise<UserRecord | null> {
    const { users } = this.deps;
    if (name !== 'userId') return users.find(name, text);
    const id = parseDirectoryUserId(text);
    return id === null ? null : users.get(id);
  }

  /** Counts per user, whichever names the requests used. */
  private async mayGetMail({ id }: UserRecord): Promise<boolean> {
    const { rates, crypto, mailsPerHour: burst } = this.deps;
    if (burst === 0) return true;
    const key = crypto.sha256(JSON.stringify(['reset mails to', id]));
    return (await rates.take([{ key, rate: { burst, periodMs: HOUR_MS } }])).allowed;
  }

  private sayNoMailer(): void {
    if (this.saidNoMailer) return;
    this.saidNoMailer = true;
    this.deps.log.error(
      'mail_not_configured',
      new Error('SALLYPORT_SMTP_URL and SALLYPORT_MAIL_WEBHOOK_URL are not set'),
    );
  }
}

function accountOf(names: AccountNames): string {
  const [first = 'userId'] = NAMES.filter((name) => names[name] !== undefined);
  const text = names[first] ?? '';
  return first === 'userId' ? text : (foldUserName(first, text) ?? text);
}

function isNameOf(user: UserRecord, name: (typeof NAMES)[number], text: string): boolean {
  return name === 'userId' ? user.id === text : user[name] !== null && user[name] === foldUserName(name, text);
}
