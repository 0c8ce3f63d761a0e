/** Turns the environment into a `Config`, or into the list of all problems in it. */
import { nearest } from '../lib/nearest.js';
import { proxyProblems } from './proxy-rules.js';
import { workerProblems } from './worker-rules.js';
import { CONFIG_KEYS, configSchema, type Config, type ConfigKey } from './schema.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** One sentence per problem; each begins with its key. Secret values are never shown. */
  | { readonly ok: false; readonly problems: readonly string[] };

const PREFIX = 'SALLYPORT_';
/** Settings of the tests, which a gateway started by a test inherits. */
const TEST_PREFIX = 'SALLYPORT_TEST_';
const MAX_SHOWN_LENGTH = 80;

/** Parses `env`. A key that is set to the empty string counts as unset. Never throws. */
export function parseConfig(env: Environment): ConfigResult {
  const written = Object.fromEntries(
    CONFIG_KEYS.map((key) => [key.field, env[key.env] === '' ? undefined : env[key.env]]),
  );
  const parsed = configSchema.safeParse(written);
  const problems = [
    ...unknownKeys(env),
    ...(parsed.error?.issues ?? []).map((issue) => describe(issue.path[0], issue.message, env)),
    ...missingSecrets(written),
    ...contradictions(written),
    ...(parsed.success ? dependentProblems(parsed.data) : []),
  ];
  return parsed.success && problems.length === 0 ? { ok: true, config: parsed.data } : { ok: false, problems };
}

function unknownKeys(env: Environment): string[] {
  const known = CONFIG_KEYS.map((key) => key.env.slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(TEST_PREFIX))
    .map((name) => name.slice(PREFIX.length))
    .filter((name) => !known.includes(name))
    .sort()
    .map((name) => {
      const suggestion = nearest(name, known);
      const hint = suggestion === null ? '' : `; did you mean ${PREFIX}${suggestion}?`;
      return `${PREFIX}${name}: there is no such key${hint}`;
    });
}

function describe(field: PropertyKey | undefined, message: string, env: Environment): string {
  const key = CONFIG_KEYS.find((candidate) => candidate.field === field);
  if (key === undefined) return message;
  return `${key.env}: ${message}, got ${shown(key, env[key.env] ?? '')}`;
}

function shown(key: ConfigKey, value: string): string {
  if (key.secret) return `a value of ${value.length} characters (not shown)`;
  return JSON.stringify(shortened(withoutCredentials(value)));
}

/** URLs with credentials are refused; the message must not repeat the credentials. */
function withoutCredentials(value: string): string {
  return value
    .replace(/:\/\/.*@/s, '://(not shown)@')
    .replace(/^(?!.*:\/\/)[^@]*:.*@/s, '(not shown)@')
    .replace(/(:\/\/[^?#]*[?#]).*/s, '$1(not shown)');
}

function shortened(value: string): string {
  return value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}...` : value;
}

/** There are no default secrets: several nodes share them, so one node cannot generate them. */
function missingSecrets(written: Environment): string[] {
  if (written['redisUrl'] === undefined) return [];
  return CONFIG_KEYS.filter(({ field }) => field === 'rootKey' || field === 'secret')
    .filter(({ field }) => written[field] === undefined)
    .map(({ env }) => `${env}: required when SALLYPORT_REDIS_URL is set`);
}

function contradictions(written: Environment): string[] {
  const message = configSchema.shape.maxMessageBytes.safeParse(written['maxMessageBytes']);
  const backpressure = configSchema.shape.maxBackpressureBytes.safeParse(written['maxBackpressureBytes']);
  if (!message.success || !backpressure.success || backpressure.data >= message.data) return [];
  return [
    `SALLYPORT_MAX_BACKPRESSURE_BYTES: expected at least SALLYPORT_MAX_MESSAGE_BYTES (${message.data}), ` +
      `got "${backpressure.data}"`,
  ];
}

/** A cluster has no one connection on which a node could wait for the replicas of all sessions. */
function replicaProblems({ durableReplicas, redisUrl }: Config): string[] {
  if (durableReplicas === 0 || /^rediss?(?:\+sentinel)?:/.test(redisUrl ?? '')) return [];
  return ['SALLYPORT_DURABLE_REPLICAS: expected 0 without Redis and with a Redis Cluster'];
}

/** A reset mail links to a page that receives a token, so plain http is allowed in development only. */
function mailProblems(config: Config): string[] {
  const { environment, resetUrls, smtpUrl, mailFrom, mailWebhookUrl, mailWebhookSecret } = config;
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [smtpUrl !== null && mailFrom === null, 'SALLYPORT_MAIL_FROM: required when SALLYPORT_SMTP_URL is set'],
    [
      mailWebhookUrl !== null && mailWebhookSecret === null,
      'SALLYPORT_MAIL_WEBHOOK_SECRET: required when SALLYPORT_MAIL_WEBHOOK_URL is set',
    ],
    [smtpUrl !== null && mailWebhookUrl !== null, 'SALLYPORT_MAIL_WEBHOOK_URL: set it or SALLYPORT_SMTP_URL, not both'],
    [
      environment === 'production' && resetUrls.some((url) => url.startsWith('http:')),
      'SALLYPORT_RESET_URLS: expected https URLs outside of development',
    ],
    [
      environment === 'production' && mailWebhookUrl?.startsWith('http:') === true,
      'SALLYPORT_MAIL_WEBHOOK_URL: expected an https URL outside of development',
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}

/** Problems of settings that depend on each other. */
function dependentProblems(config: Config): readonly string[] {
  return [...mailProblems(config), ...replicaProblems(config), ...workerProblems(config), ...proxyProblems(config)];
}
