/** Composes the login surface: login sessions, blocks, passwords and the mail that resets them. */
import { createWebhookMailer } from '../adapters/mail-webhook/mailer.js';
import { createOutbox } from '../adapters/outbox/outbox.js';
import { createSmtpMailer } from '../adapters/smtp/mailer.js';
import type { Identity, IdentityGround } from './identity.js';
import type { Config } from '../config/schema.js';
import { Attempts } from '../identity/attempts.js';
import { Blocks } from '../identity/blocks.js';
import { LoginCallers } from '../identity/login-callers.js';
import { Logins } from '../identity/logins.js';
import { PasswordChanges } from '../identity/password-changes.js';
import { PasswordResets } from '../identity/password-resets.js';
import { ResetTokens } from '../identity/reset-tokens.js';
import { ResetUrls } from '../identity/reset-urls.js';
import type { Clock } from '../ports/clock.js';
import type { Mailer, Outbox } from '../ports/mailer.js';
import type { Composed } from './service.js';

export interface Login extends Composed {
  readonly callers: LoginCallers;
  readonly logins: Logins;
  readonly blocks: Blocks;
  readonly resets: PasswordResets;
  readonly changes: PasswordChanges;
  /** null when mail is really sent, and when it is neither sent nor kept. */
  readonly outbox: Outbox | null;
}

/** A user gets at most this many mails for each mail that one address may ask for. */
const MAILS_PER_RESET = 10;
const HOUR_MS = 60 * 60 * 1000;

export function composeLogin(ground: IdentityGround, identity: Identity): Login {
  const { config, clock, crypto, log, metrics, store } = ground;
  const { users, organizations, entrance, sessions, passwords, issuer, audit } = identity;
  const { signIns, resetRequests, passwordTries } = attemptsOf(ground);
  const outbox = outboxOf(config, clock);
  const resets = new PasswordResets({
    users,
    passwords,
    audit,
    crypto,
    clock,
    log,
    signIns,
    attempts: resetRequests,
    rates: store.rateLimits,
    tokens: new ResetTokens({ store: store.oneTime, crypto, clock }),
    urls: new ResetUrls(config.resetUrls),
    mailer: mailerOf(ground) ?? outbox,
    mailsPerHour: config.passwordResetsPerAccount * MAILS_PER_RESET,
    tallies: metrics.tallies,
  });
  metrics.gauge('mails_waiting', 'Mails to users that wait to be sent.', () => resets.waiting);
  return {
    callers: new LoginCallers({ sessions, users, crypto, clock }),
    logins: new Logins({
      users,
      organizations,
      entrance,
      sessions,
      passwords,
      issuer,
      audit,
      crypto,
      clock,
      attempts: signIns,
    }),
    blocks: new Blocks({ users, audit, clock }),
    resets,
    changes: new PasswordChanges({ users, passwords, attempts: passwordTries, audit }),
    outbox,
    services: [{ name: 'password_resets', start: () => undefined, stop: () => resets.stop() }],
  };
}

function attemptsOf({ config, crypto, store }: IdentityGround) {
  const policy = {
    perAccount: config.signInAttemptsPerAccount,
    perAddress: config.signInAttemptsPerAddress,
    periodMs: config.signInAttemptsPeriodS * 1000,
  };
  const resetPolicy = {
    perAccount: config.passwordResetsPerAccount,
    perAddress: config.passwordResetsPerAddress,
    periodMs: HOUR_MS,
  };
  const common = { rates: store.rateLimits, known: store.oneTime, crypto };
  return {
    signIns: new Attempts({ ...common, purpose: 'sign_in', policy }),
    passwordTries: new Attempts({ ...common, purpose: 'password_change', policy }),
    resetRequests: new Attempts({ ...common, purpose: 'password_reset', policy: resetPolicy }),
  };
}

/** null when none is configured. */
function mailerOf({ config, outbound }: Pick<IdentityGround, 'config' | 'outbound'>): Mailer | null {
  const { environment, smtpUrl, mailFrom, mailWebhookUrl, mailWebhookSecret } = config;
  const allowPlain = environment === 'development';
  if (smtpUrl !== null && mailFrom !== null) return createSmtpMailer({ url: smtpUrl, from: mailFrom, allowPlain });
  if (mailWebhookUrl === null || mailWebhookSecret === null) return null;
  return createWebhookMailer({ url: mailWebhookUrl, secret: mailWebhookSecret, outbound });
}

function outboxOf(config: Config, clock: Clock): Outbox | null {
  const isSent = config.smtpUrl !== null || config.mailWebhookUrl !== null;
  return config.environment === 'development' && !isSent ? createOutbox(clock) : null;
}
