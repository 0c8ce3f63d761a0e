/** Settings of directory users: their sessions, sockets and tokens. */
import { optional, withDefault } from './key.js';
import { httpUrl, integer, oneOf, trueOrFalse } from './values.js';

export const userSessionKeys = {
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
};

export const userSocketKeys = {
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
};

/** Of session tokens, and of clients that sign in. */
export const tokenKeys = {
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
};
