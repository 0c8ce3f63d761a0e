/**
 * Every setting of the gateway: one zod schema over the `SALLYPORT_*` environment.
 * The same table gives the types, the checks, the defaults and docs/CONFIG.md.
 */
import { z } from 'zod';
import {
  authority,
  chainIds,
  flush,
  httpUrl,
  integer,
  labels,
  mailAddress,
  minimumText,
  oneOf,
  origins,
  redisUrl,
  smtpUrl,
  text,
  trueOrFalse,
  urlPrefixes,
} from './values.js';

/** What is said of a key beside its shape. */
export interface KeyAbout {
  readonly env: `SALLYPORT_${string}`;
  /** One sentence or two for docs/CONFIG.md. */
  readonly doc: string;
  /** What values look like, for a person. */
  readonly type: string;
  /** Absent for keys that are not quantities. */
  readonly unit?: string;
  /** As it would be written in the environment; null when the key has none. */
  readonly default: string | null;
  /** What an unset key means, where there is no default. */
  readonly unset?: string;
  /** The value is never shown: not in problems, not in logs. */
  readonly secret: boolean;
}

/** The table: what `keyTable` lists and docs/CONFIG.md shows. */
const registry = z.registry<KeyAbout>();

type About = Omit<KeyAbout, 'default' | 'secret' | 'unset'> & { readonly secret?: true };

/** A key that always has a value. */
function withDefault<T>(schema: z.ZodType<T, string>, written: string, about: About): z.ZodType<T, string | undefined> {
  return schema.prefault(written).register(registry, { secret: false, ...about, default: written });
}

/** A key that may be absent; then it is null. */
function optional<T>(
  schema: z.ZodType<T, string>,
  about: About & { readonly unset: string },
): z.ZodType<T | null, string | undefined> {
  return schema
    .optional()
    .transform((value) => value ?? null)
    .register(registry, { secret: false, ...about, default: null });
}

const bytes = { type: 'integer', unit: 'bytes' } as const;
const milliseconds = { type: 'integer', unit: 'ms' } as const;

export const MIN_SECRET_LENGTH = 32;

export const configSchema = z.object({
  host: withDefault(text, '127.0.0.1', {
    env: 'SALLYPORT_HOST',
    type: 'address or host name',
    doc: 'The address to listen on. In a container: `0.0.0.0`.',
  }),
  port: withDefault(integer(0, 65_535), '8080', {
    env: 'SALLYPORT_PORT',
    type: 'integer, 0 to 65535',
    doc: 'The port to listen on; 0 picks a free one, and the start line names it.',
  }),
  environment: withDefault(oneOf(['production', 'development']), 'production', {
    env: 'SALLYPORT_ENV',
    type: '`production` or `development`',
    doc: 'Names the environment part of API keys (`live` or `dev`).',
  }),
  rootKey: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_ROOT_KEY',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'The API key that has every scope. Required with Redis.',
    unset: 'one is made at start and printed once',
    secret: true,
  }),
  secret: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_SECRET',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'What signing keys are derived from or kept under; the same on every node. Required with Redis.',
    unset: 'one is made at start',
    secret: true,
  }),
  redisUrl: optional(redisUrl, {
    env: 'SALLYPORT_REDIS_URL',
    type: '`redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://` URL',
    doc: 'Where the state lives. It may carry a password, so it counts as a secret.',
    unset: 'the embedded in-memory store: one node, nothing survives a restart',
    secret: true,
  }),
  redisPrefix: withDefault(text, 'sallyport:', {
    env: 'SALLYPORT_REDIS_PREFIX',
    type: 'text',
    doc: 'Begins every key and channel in Redis. Nodes with the same prefix are one cluster.',
  }),
  publicUrl: optional(httpUrl, {
    env: 'SALLYPORT_PUBLIC_URL',
    type: 'http or https URL',
    doc: 'The base URL that clients reach this node at; what `relay` advertises.',
    unset: 'made of the host and the port listened on',
  }),
  allowedOrigins: withDefault(origins, '', {
    env: 'SALLYPORT_ALLOWED_ORIGINS',
    type: 'comma list of origins, or `*`',
    doc: 'Pages of which origins may connect. Empty: only those of the server itself. Programs send no Origin and are not concerned.',
  }),
  nodeLabels: withDefault(labels, '', {
    env: 'SALLYPORT_NODE_LABELS',
    type: 'comma list of `name=value`',
    doc: 'What filters choose this node by, as in `region=eu,city=paris`.',
  }),
  geoipDb: optional(text, {
    env: 'SALLYPORT_GEOIP_DB',
    type: 'path',
    doc: 'A MaxMind-format database that gives users a latitude and a longitude.',
    unset: 'both are null',
  }),
  logLevel: withDefault(oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), 'info', {
    env: 'SALLYPORT_LOG_LEVEL',
    type: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    doc: 'The least severe log line that is written.',
  }),

  maxMessageBytes: withDefault(integer(1, 1_048_576), '16384', {
    env: 'SALLYPORT_MAX_MESSAGE_BYTES',
    ...bytes,
    doc: 'The longest payload of a relay frame; a longer one closes the connection with 4005. 1 to 1048576.',
  }),
  messagesPerS: withDefault(integer(0, 1_000_000), '1000', {
    env: 'SALLYPORT_MESSAGES_PER_S',
    type: 'integer',
    unit: 'frames a second',
    doc: 'How many frames a connection may send; those over it are refused. 0: no limit.',
  }),
  bytesPerS: withDefault(integer(0, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_BYTES_PER_S',
    type: 'integer',
    unit: 'bytes a second',
    doc: 'How many bytes a connection may send; frames over it are refused. 0: no limit.',
  }),
  flushMs: withDefault(flush, 'auto', {
    env: 'SALLYPORT_FLUSH_MS',
    type: '`auto`, or integer',
    unit: 'ms',
    doc: 'How long entries are gathered into one frame, for sessions that do not say: 0 (end of the loop turn) to 50, or by load.',
  }),
  failedHandshakesPerS: withDefault(integer(0, 1_000_000), '50', {
    env: 'SALLYPORT_FAILED_HANDSHAKES_PER_S',
    type: 'integer',
    unit: 'handshakes a second',
    doc: 'How many handshakes of one address (IPv6: one /64) may fail for their credential before it is answered 429. Behind a proxy every client has its address: limit there, and set 0 here. 0: no limit.',
  }),
  maxBodyBytes: withDefault(integer(1_024, 16_777_216), '65536', {
    env: 'SALLYPORT_MAX_BODY_BYTES',
    ...bytes,
    doc: 'The longest body of an HTTP request; a longer one answers 413. 1024 to 16777216.',
  }),
  resumeWindowMs: withDefault(integer(0, 3_600_000), '30000', {
    env: 'SALLYPORT_RESUME_WINDOW_MS',
    ...milliseconds,
    doc: 'How long a lost socket keeps its seat, for sessions that do not say. 0 to 3600000.',
  }),
  sessionTtlS: withDefault(integer(1, 2_592_000), '86400', {
    env: 'SALLYPORT_SESSION_TTL_S',
    type: 'integer',
    unit: 's',
    doc: 'How long a relay session lives, for sessions that do not say. 1 to 2592000 (30 days).',
  }),
  replayMaxEntries: withDefault(integer(0, 1_048_576), '4096', {
    env: 'SALLYPORT_REPLAY_MAX_ENTRIES',
    type: 'integer',
    unit: 'entries',
    doc: 'How many reliable entries a session keeps for those who resume.',
  }),
  replayMaxBytes: withDefault(integer(0, 1_073_741_824), '1048576', {
    env: 'SALLYPORT_REPLAY_MAX_BYTES',
    ...bytes,
    doc: 'How many bytes of reliable entries a session keeps for those who resume.',
  }),
  heartbeatMs: withDefault(integer(1_000, 120_000), '25000', {
    env: 'SALLYPORT_HEARTBEAT_MS',
    ...milliseconds,
    doc: 'How often a client should be heard from at least; one that is silent for that long is pinged. 1000 to 120000.',
  }),
  heartbeatTimeoutMs: withDefault(integer(1_000, 120_000), '10000', {
    env: 'SALLYPORT_HEARTBEAT_TIMEOUT_MS',
    ...milliseconds,
    doc: 'How long after that ping a client has to finish a frame or to answer, or is closed with 4202. A frame that drips in counts as silence until it is whole. 1000 to 120000.',
  }),
  maxBackpressureBytes: withDefault(integer(65_536, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_MAX_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'How much may wait for one slow socket before it is closed with 4101. At least 65536, and at least SALLYPORT_MAX_MESSAGE_BYTES.',
  }),
  softBackpressureBytes: withDefault(integer(4_096, 1_073_741_824), '65536', {
    env: 'SALLYPORT_SOFT_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'How much may wait for a socket before it leaves the shared path: from then on volatile entries are dropped for it, latest ones conflated, reliable ones kept in a queue of its own. At least 4096.',
  }),
  maxBehindMs: withDefault(integer(1_000, 600_000), '15000', {
    env: 'SALLYPORT_MAX_BEHIND_MS',
    ...milliseconds,
    doc: 'How long a socket may stay off the shared path before it is closed with 4101. 1000 to 600000.',
  }),
  requestDeadlineMs: withDefault(integer(100, 120_000), '10000', {
    env: 'SALLYPORT_REQUEST_DEADLINE_MS',
    ...milliseconds,
    doc: 'How long an HTTP request may take before it answers 503. 100 to 120000.',
  }),
  drainTimeoutMs: withDefault(integer(0, 3_600_000), '30000', {
    env: 'SALLYPORT_DRAIN_TIMEOUT_MS',
    ...milliseconds,
    doc: 'The longest a stopping node takes to close its connections, which it spreads at one a millisecond so that they come back spread as well. 0 to 3600000.',
  }),

  // User sessions and passwords
  userSessionTtlS: withDefault(integer(1, 604_800), '604800', {
    env: 'SALLYPORT_USER_SESSION_TTL_S',
    type: 'integer',
    unit: 's',
    doc: 'How long a user session lives, whatever happens. 1 to 604800 (7 days).',
  }),
  userSessionInactivityS: withDefault(integer(1, 604_800), '604800', {
    env: 'SALLYPORT_USER_SESSION_INACTIVITY_S',
    type: 'integer',
    unit: 's',
    doc: 'How long a user session lives without activity; each touch begins it anew. 1 to 604800.',
  }),
  maxSessionsPerUser: withDefault(integer(0, 10_000), '0', {
    env: 'SALLYPORT_MAX_SESSIONS_PER_USER',
    type: 'integer',
    unit: 'sessions',
    doc: 'How many active sessions a user may have, on all nodes and surfaces together. 0: no limit.',
  }),
  sessionsPerUserFull: withDefault(oneOf(['reject_new', 'replace_old']), 'reject_new', {
    env: 'SALLYPORT_SESSIONS_PER_USER_FULL',
    type: '`reject_new` or `replace_old`',
    doc: 'What happens to one session more: it is refused, or the one that was active longest ago ends.',
  }),
  argon2Concurrency: withDefault(integer(1, 64), '2', {
    env: 'SALLYPORT_ARGON2_CONCURRENCY',
    type: 'integer',
    unit: 'passwords',
    doc: 'How many passwords are hashed or checked at once; each takes a core and 19 MiB for some 20 ms. 32 times as many wait, more are answered 429. Above 4, raise `UV_THREADPOOL_SIZE` too. 1 to 64.',
  }),

  // Sign-ins, and mail to users
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
    doc: 'How often password resets may be asked for, or confirmed, from one address (IPv6: one /64). 0: no limit.',
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

  // Sockets of directory users
  maxSocketsPerUser: withDefault(integer(0, 10_000), '0', {
    env: 'SALLYPORT_MAX_SOCKETS_PER_USER',
    type: 'integer',
    unit: 'sockets',
    doc: 'How many WebSockets a directory user may have open at once over all nodes: control connections, and relay sockets whose user id is one of the directory. 0: no limit.',
  }),
  socketsPerUserFull: withDefault(oneOf(['reject_new', 'replace_old']), 'reject_new', {
    env: 'SALLYPORT_SOCKETS_PER_USER_FULL',
    type: '`reject_new` or `replace_old`',
    doc: "What becomes of one socket more: it is refused with 409 `too_many_sockets`, or the user's oldest is closed with 4003.",
  }),

  // Session tokens and sign-ins on clients
  issuer: optional(httpUrl, {
    env: 'SALLYPORT_ISSUER',
    type: 'http or https URL',
    doc: 'The `iss` of session tokens; the same on every node, or one does not take what another signed.',
    unset: 'SALLYPORT_PUBLIC_URL, or what it is made of',
  }),
  signingKeyRotationS: withDefault(integer(3_600, 31_536_000), '2592000', {
    env: 'SALLYPORT_SIGNING_KEY_ROTATION_S',
    type: 'integer',
    unit: 's',
    doc: 'How long one key signs session tokens. The next one is published 5 minutes before it signs; the old one verifies until its tokens have ended. 3600 (an hour) to 31536000 (a year).',
  }),
  singleSession: withDefault(trueOrFalse, 'false', {
    env: 'SALLYPORT_SINGLE_SESSION',
    type: '`true` or `false`',
    doc: 'Whether a client holds one active session at most: another sign-in is refused until that one ends.',
  }),

  // Wallet proofs
  walletDomain: optional(authority, {
    env: 'SALLYPORT_WALLET_DOMAIN',
    type: 'host, or host:port',
    doc: 'What the messages that wallets sign ask to sign in to; wallets compare it with the page they are on.',
    unset: 'that of the public URL',
  }),
  walletUri: optional(httpUrl, {
    env: 'SALLYPORT_WALLET_URI',
    type: 'http or https URL',
    doc: 'The URI in the messages that wallets sign.',
    unset: 'the public URL',
  }),
  walletChainIds: withDefault(chainIds, '1', {
    env: 'SALLYPORT_WALLET_CHAIN_IDS',
    type: 'comma list of EIP-155 chain ids',
    doc: 'For which chains wallets may sign; the first one when a client does not say. `?chain=Ethereum` is 1.',
  }),
});

/** The settings, parsed: units are in the names, absent ones are null. Holds secrets: never log it whole. */
export type Config = Readonly<z.output<typeof configSchema>>;

export type ConfigField = keyof typeof configSchema.shape;

export interface ConfigKey extends KeyAbout {
  readonly field: ConfigField;
}

/** Every key, in the order of docs/CONFIG.md. */
export const CONFIG_KEYS: readonly ConfigKey[] = configSchema.keyof().options.map((field) => {
  const about = registry.get(configSchema.shape[field]);
  if (about === undefined) throw new Error(`the config field ${field} is not registered`);
  return { ...about, field };
});
