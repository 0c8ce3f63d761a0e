/** Settings of password tries, password resets, and mail to users. */
import { MIN_SECRET_LENGTH, optional, withDefault } from './key.js';
import { httpUrl, integer, mailAddress, minimumText, smtpUrl, urlPrefixes } from './values.js';

export const signInKeys = {
  signInAttemptsPerAccount: withDefault(integer(0, 1_000_000), '10', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PER_ACCOUNT',
    type: 'integer',
    unit: 'tries a period',
    doc: 'How often a password may be tried at one account from one address (IPv6: one /64); then 429. A success gives them back. Ten times as many are let through per account from all addresses together, not counting against those that signed in to it in the last 30 days. 0: no limit.',
  }),
  signInAttemptsPerAddress: withDefault(integer(0, 1_000_000), '100', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS',
    type: 'integer',
    unit: 'tries a period',
    doc: 'How often passwords may be tried from one address (IPv6: one /64), at all accounts together. Behind a proxy every user has its address: limit there, and set 0 here. 0: no limit.',
  }),
  signInAttemptsPeriodS: withDefault(integer(1, 86_400), '900', {
    env: 'SALLYPORT_SIGN_IN_ATTEMPTS_PERIOD_S',
    type: 'integer',
    unit: 's',
    doc: 'In how long used tries come back. 1 to 86400.',
  }),
  passwordResetsPerAccount: withDefault(integer(0, 1_000_000), '5', {
    env: 'SALLYPORT_PASSWORD_RESETS_PER_ACCOUNT',
    type: 'integer',
    unit: 'requests an hour',
    doc: 'How often a password reset may be asked for one account from one address; then 429. An account gets at most ten times as many mails. 0: no limit.',
  }),
  passwordResetsPerAddress: withDefault(integer(0, 1_000_000), '50', {
    env: 'SALLYPORT_PASSWORD_RESETS_PER_ADDRESS',
    type: 'integer',
    unit: 'requests an hour',
    doc: 'How often password resets may be asked for from one address (IPv6: one /64). 0: no limit.',
  }),
  resetUrls: withDefault(urlPrefixes, '', {
    env: 'SALLYPORT_RESET_URLS',
    type: 'comma list of URLs',
    doc: 'Where password reset mails may send users: `resetUrl` must have the origin of one of these and a path that is its path or lies below it. https only, outside of development. Empty: no reset is accepted.',
  }),
  smtpUrl: optional(smtpUrl, {
    env: 'SALLYPORT_SMTP_URL',
    type: '`smtp://` or `smtps://` URL',
    doc: 'The server that takes mail to users, with user and password when it wants them. `smtps`: TLS from the first byte; `smtp`: STARTTLS, without which no mail is handed over outside of development but to a loopback address. Certificates are always checked.',
    unset: 'mail goes to SALLYPORT_MAIL_WEBHOOK_URL; without that, in development to `GET /v1/outbox`, else nowhere',
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
    type: 'http or https URL',
    doc: 'Takes mail to users in place of an SMTP server: a POST of JSON `{to, subject, text, html}` with `Authorization: Bearer` and SALLYPORT_MAIL_WEBHOOK_SECRET. The mails carry reset tokens: use https.',
    unset: 'see SALLYPORT_SMTP_URL',
  }),
  mailWebhookSecret: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_MAIL_WEBHOOK_SECRET',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'What the mail webhook knows this server by. Required with SALLYPORT_MAIL_WEBHOOK_URL.',
    unset: 'there is none',
    secret: true,
  }),
};
