/** Settings of the process: where it listens, its secrets, its store, what it says of itself. */
import { MIN_SECRET_LENGTH, optional, withDefault } from './key.js';
import { httpUrl, integer, labels, minimumText, oneOf, origins, redisUrl, text } from './values.js';

export const nodeKeys = {
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
    doc: '`development`: API keys are named `dev` instead of `live`, `__dev_session` counts in the query, mail that goes nowhere else is shown at `GET /v1/outbox`, and mail servers and pages may do without TLS. Never for real users.',
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
    doc: 'Pages of which origins may connect. Empty: only those of the server itself, by scheme, host and port of `SALLYPORT_PUBLIC_URL`. Programs send no Origin and are not concerned.',
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
};
