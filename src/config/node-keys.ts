/** Settings of the process: its address, its secrets, its store, its labels. */
import { MIN_SECRET_LENGTH, optional, withDefault } from './key.js';
import { httpUrl, integer, labels, minimumText, oneOf, origins, redisUrl, text } from './values.js';

const SHORTEST_LEASE_MS = 500;
/** No node of a cluster has a longer lease. */
export const LONGEST_LEASE_MS = 2000;

export const nodeKeys = {
  host: withDefault(text, '127.0.0.1', {
    env: 'SALLYPORT_HOST',
    type: 'address or host name',
    doc: 'The address to listen on. In a container: `0.0.0.0`.',
  }),
  port: withDefault(integer(0, 65_535), '8080', {
    env: 'SALLYPORT_PORT',
    type: 'integer, 0 to 65535',
    doc: 'The port to listen on. 0 picks a free port; the start line names it.',
  }),
  environment: withDefault(oneOf(['production', 'development']), 'production', {
    env: 'SALLYPORT_ENV',
    type: '`production` or `development`',
    doc: '`development`: API keys are named `dev` instead of `live`, `__dev_session` in the query is accepted, mail without a mailer is shown at `GET /v1/outbox`, and mail servers and reset pages may work without TLS. Do not use it with real users.',
  }),
  rootKey: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_ROOT_KEY',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'The API key with every scope. Required with Redis.',
    unset: 'generated at start and printed once',
    secret: true,
  }),
  secret: optional(minimumText(MIN_SECRET_LENGTH), {
    env: 'SALLYPORT_SECRET',
    type: `text of at least ${MIN_SECRET_LENGTH} characters`,
    doc: 'The secret that protects signing keys: keys are derived from it or encrypted with it. Must be the same on every node. Required with Redis.',
    unset: 'generated at start',
    secret: true,
  }),
  redisUrl: optional(redisUrl, {
    env: 'SALLYPORT_REDIS_URL',
    type: '`redis://`, `redis+sentinel://` or `redis+cluster://` URL; `rediss` for TLS',
    doc: 'The Redis that stores the state. The URL may contain a password, so it counts as a secret.',
    unset: 'the embedded in-memory store: one node, nothing survives a restart',
    secret: true,
  }),
  redisPrefix: withDefault(text, 'sallyport:', {
    env: 'SALLYPORT_REDIS_PREFIX',
    type: 'text',
    doc: 'Begins every key and channel in Redis; a colon follows it unless it ends in one. Nodes with the same prefix are one cluster.',
  }),
  durableReplicas: withDefault(integer(0, 16), '0', {
    env: 'SALLYPORT_DURABLE_REPLICAS',
    type: 'integer',
    unit: 'replicas',
    doc: 'How many Redis replicas must have a reliable entry of a durable session before it is delivered and acknowledged. A single Redis or Sentinel only. 0: the master is enough.',
  }),
  leaseMs: withDefault(integer(SHORTEST_LEASE_MS, LONGEST_LEASE_MS), '1500', {
    env: 'SALLYPORT_LEASE_MS',
    type: `integer, ${SHORTEST_LEASE_MS} to ${LONGEST_LEASE_MS}`,
    unit: 'ms',
    doc: "How long the other nodes wait for a node that is silent before they claim its sessions. A node renews its lease five times in this time. A shorter lease moves the sessions of a dead node sooner; a longer one lets a node's pauses, and those of Redis, be longer.",
  }),
  engine: withDefault(oneOf(['auto', '20.51', '20.57', 'ws']), 'auto', {
    env: 'SALLYPORT_ENGINE',
    type: '`auto`, `20.51`, `20.57` or `ws`',
    doc: "What serves sockets and HTTP: a build of uWebSockets.js, or `ws` on Node's own HTTP server, which runs wherever Node does and costs several times as much CPU time. `auto`: the first that loads, in this order. `20.57` does not come with the gateway: the README says how to install it.",
  }),
  publicUrl: optional(httpUrl, {
    env: 'SALLYPORT_PUBLIC_URL',
    type: 'http or https URL',
    doc: 'The base URL where clients reach this node; answers show it as `relay`. With several workers: where clients reach all of them (see SALLYPORT_WORKER_URL).',
    unset: 'built from the host and port that the server listens on',
  }),
  allowedOrigins: withDefault(origins, '', {
    env: 'SALLYPORT_ALLOWED_ORIGINS',
    type: 'comma list of origins, or `*`',
    doc: "The origins whose pages may connect. `https://*.game.example` lists all names below game.example, but not game.example itself; `https://game.example:*` lists all ports. Empty: only the server's own origin, by scheme, host and port of `SALLYPORT_PUBLIC_URL`. In development, pages of loopback origins may connect, too. Programs send no Origin header, so this does not affect them.",
  }),
  nodeLabels: withDefault(labels, '', {
    env: 'SALLYPORT_NODE_LABELS',
    type: 'comma list of `name=value`',
    doc: 'Labels that session filters match, for example `region=eu,city=paris`.',
  }),
  geoipDb: optional(text, {
    env: 'SALLYPORT_GEOIP_DB',
    type: 'path',
    doc: 'A MaxMind-format database that gives the latitude and longitude of users.',
    unset: 'both values are null',
  }),
  logLevel: withDefault(oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), 'info', {
    env: 'SALLYPORT_LOG_LEVEL',
    type: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    doc: 'The lowest level of log lines that are written. The audit log is written at every level but `silent`.',
  }),
  logFormat: withDefault(oneOf(['auto', 'json', 'pretty']), 'auto', {
    env: 'SALLYPORT_LOG_FORMAT',
    type: '`auto`, `json` or `pretty`',
    doc: 'How log lines are written: as JSON, or for people. With `auto`, for people where standard output is a terminal, and else as JSON.',
  }),
};
