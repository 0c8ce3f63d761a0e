/** Settings of password tries, password resets, and mail to users. */
import { MIN_SECRET_LENGTH, optional, withDefault } from './key.js';
import { httpUrl, integer, mailAddress, minimumText, smtpUrl, urlPrefixes } from './values.js';

export const signInKeys = {
  signInAttemptsPerAccount: withDefault(integer(0, 1_000_000), '10', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT',
    type: 'integer',
    unit: 'tries a period',
    doc: 'Most password tries per period at one account from one address (IPv6: one /64); more get 429. A success restores the tries. From all addresses together, an account allows ten times as many; that limit does not apply to addresses that signed in to the account in the last 30 days. 0: no limit.',
  }),
  signInAttemptsPerAddress: withDefault(integer(0, 1_000_000), '100', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS',
    type: 'integer',
    unit: 'tries a period',
    doc: "Most password tries per period from one address (IPv6: one /64), at all accounts together. Behind a proxy, set SALLYPORT_TRUSTED_PROXIES: otherwise all users share the proxy's address. 0: no limit.",
  }),
  signInAttemptsPeriodS: withDefault(integer(1, 86_400), '900', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PERIOD_S',
    type: 'integer',
    unit: 's',
    doc: 'The time in which used-up tries are restored. 1 to 86400.',
  }),
  passwordResetsPerAccount: withDefault(integer(0, 1_000_000), '5', {
    env: 'SALLYPORT_PASSWORD_RESETS_PER_ACCOUNT',
    type: 'integer',
    unit: 'requests an hour',
    doc: 'Most password reset requests per hour for one account from one address; more get 429. An account gets at most ten times as many mails. 0: no limit.',
  }),
  passwordResetsPerAddress: withDefault(integer(0, 1_000_000), '50', {
    env: 'SALLYPORT_PASSWORD_RESETS_PER_ADDRESS',
    type: 'integer',
    unit: 'requests an hour',
    doc: 'Most password reset requests per hour from one address (IPv6: one /64). 0: no limit.',
  }),
  resetUrls: withDefault(urlPrefixes, '', {
    env: 'SALLYPORT_RESET_URLS',
    type: 'comma list of URLs',
    doc: 'Pages that password reset mails may link to: `resetUrl` must have the origin of one of these, and the same path or one below it. Outside development, https only. Empty: every reset is refused.',
  }),
  smtpUrl: optional(smtpUrl, {
    env: 'SALLYPORT_SMTP_URL',
    type: '`smtp://` or `smtps://` URL',
    doc: 'The server that sends mail to users, with user and password if it needs them. `smtps`: TLS from the first byte. `smtp`: STARTTLS; outside development, mail is sent without TLS only to a loopback address. Certificates are always checked.',
    unset:
      'mail goes to SALLYPORT_MAIL_WEBHOOK_URL if set, otherwise to `GET /v1/outbox` in development and nowhere in production',
    secret: true,
  }),
  mailFrom: optional(mailAddress, {
    env: 'SALLYPORT_MAIL_FROM',
    type: '`name@host`, or `Name <name@host>`',
    doc: 'The sender of mail to users. Required with SALLYPORT_SMTP_URL.',
    unset: 'there is none',
  }),
  mailWebhookUrl: optional(httpUrl, {
    env: 'SALLYPORT_MAIL_WEBHOOK_URL',
    type: 'https URL; in development also http',
    doc: 'Receives mail to users instead of an SMTP server: a POST of JSON `{to, subject, text, html}` with SALLYPORT_MAIL_WEBHOOK_SECRET as `Authorization: Bearer`. An address that is not public needs SALLYPORT_OUTBOUND_ALLOW.',
    unset: 'see SALLYPORT_SMTP_URL',
  }),
  mailWebhookSecret: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_MAIL_WEBHOOK_SECRET',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'Proves this server to the mail webhook. Required with SALLYPORT_MAIL_WEBHOOK_URL.',
    unset: 'there is none',
    secret: true,
  }),
};
