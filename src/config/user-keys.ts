/** Settings of directory users: their sessions, sockets and tokens. */
import { optional, withDefault } from './key.js';
import { httpUrl, integer, oneOf, trueOrFalse } from './values.js';

export const userSessionKeys = {
  userSessionTtlS: withDefault(integer(1, 604_800), '604800', {
    env: 'SALLYPORT_USER_SESSION_TTL_S',
    type: 'integer',
    unit: 's',
    doc: 'Lifetime of a user session, however active it is. 1 to 604800 (7 days).',
  }),
  userSessionInactivityS: withDefault(integer(1, 604_800), '604800', {
    env: 'SALLYPORT_USER_SESSION_INACTIVITY_S',
    type: 'integer',
    unit: 's',
    doc: 'How long a user session lives without activity; each touch restarts the time. 1 to 604800.',
  }),
  maxSessionsPerUser: withDefault(integer(0, 10_000), '0', {
    env: 'SALLYPORT_MAX_SESSIONS_PER_USER',
    type: 'integer',
    unit: 'sessions',
    doc: 'Most active sessions per user, on all nodes and surfaces together. 0: no limit.',
  }),
  sessionsPerUserFull: withDefault(oneOf(['reject_new', 'replace_old']), 'reject_new', {
    env: 'SALLYPORT_SESSIONS_PER_USER_FULL',
    type: '`reject_new` or `replace_old`',
    doc: 'What happens when a user at the limit opens another session: `reject_new` refuses it, `replace_old` ends the session with the oldest activity.',
  }),
  argon2Concurrency: withDefault(integer(1, 64), '2', {
    env: 'SALLYPORT_ARGON2_CONCURRENCY',
    type: 'integer',
    unit: 'passwords',
    doc: 'The most passwords that are hashed or checked at once; each takes a core and 19 MiB for about 20 ms. One core stays free, so on two cores one runs at a time. 32 times as many can wait; more get 429. Above 4, raise `UV_THREADPOOL_SIZE` too. 1 to 64.',
  }),
};

export const userSocketKeys = {
  maxSocketsPerUser: withDefault(integer(0, 10_000), '0', {
    env: 'SALLYPORT_MAX_SOCKETS_PER_USER',
    type: 'integer',
    unit: 'sockets',
    doc: 'Most WebSockets that a directory user may have open at once on all nodes: session sockets, and relay sockets with the id of a directory user. 0: no limit.',
  }),
  socketsPerUserFull: withDefault(oneOf(['reject_new', 'replace_old']), 'reject_new', {
    env: 'SALLYPORT_SOCKETS_PER_USER_FULL',
    type: '`reject_new` or `replace_old`',
    doc: "What happens when a user at the limit opens another socket: `reject_new` refuses it with 409 `too_many_sockets`, `replace_old` closes the user's oldest socket with 4003.",
  }),
};

/** Settings of session tokens and of clients that sign in. */
export const tokenKeys = {
  issuer: optional(httpUrl, {
    env: 'SALLYPORT_ISSUER',
    type: 'http or https URL',
    doc: "The `iss` of session tokens. Must be the same on every node: nodes with different values reject each other's tokens.",
    unset: 'the public URL',
  }),
  signingKeyRotationS: withDefault(integer(3_600, 31_536_000), '2592000', {
    env: 'SALLYPORT_SIGNING_KEY_ROTATION_S',
    type: 'integer',
    unit: 's',
    doc: 'How long one key signs session tokens. The next key is published 5 minutes before it signs; the old key verifies until its tokens have expired. 3600 (1 hour) to 31536000 (1 year).',
  }),
  singleSession: withDefault(trueOrFalse, 'false', {
    env: 'SALLYPORT_SINGLE_SESSION',
    type: '`true` or `false`',
    doc: 'Allows one active session per client: another sign-in is refused until that session ends.',
  }),
};
