/** Settings of the question before a join. */
import { milliseconds, optional, withDefault } from './key.js';
import { httpUrl, integer, oneOf } from './values.js';

export const joinKeys = {
  joinUrl: optional(httpUrl, {
    env: 'SALLYPORT_JOIN_URL',
    type: 'https URL; in development also http',
    doc: 'Asked before a user joins a relay session, whether they may (docs/WEBHOOKS.md). A session with a `join_url` of its own asks that one. An address that is not public needs SALLYPORT_OUTBOUND_ALLOW.',
    unset: 'only sessions with a `join_url` ask',
  }),
  joinUrlTimeoutMs: withDefault(integer(100, 10_000), '2000', {
    env: 'SALLYPORT_JOIN_URL_TIMEOUT_MS',
    ...milliseconds,
    doc: 'How long the answer to the question before a join may take. 100 to 10000.',
  }),
  joinUrlOnFailure: withDefault(oneOf(['closed', 'open']), 'closed', {
    env: 'SALLYPORT_JOIN_URL_ON_FAILURE',
    type: '`closed` or `open`',
    doc: 'Without a usable answer to the question before a join: `closed` refuses the join with 503, `open` lets the user in.',
  }),
};
