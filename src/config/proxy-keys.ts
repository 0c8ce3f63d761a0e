/** Settings of what stands in front of a node: proxies, and the port for operators. */
import { optional, withDefault } from './key.js';
import { integer, networks, oneOf, text } from './values.js';

/** The engine closes idle connections after 8 s at the earliest; a client needs a second to send. */
const LONGEST_KEEP_ALIVE_S = 7;

export const proxyKeys = {
  trustedProxies: withDefault(networks, '', {
    env: 'SALLYPORT_TRUSTED_PROXIES',
    type: 'comma list of addresses and CIDR networks',
    doc: "The proxies whose `X-Forwarded-For` or `Forwarded` names the client's address, for limits, `enforce_ip` and blocks. Empty: the address is that of the TCP peer.",
  }),
  proxyProtocol: withDefault(oneOf(['off', 'v2']), 'off', {
    env: 'SALLYPORT_PROXY_PROTOCOL',
    type: '`off` or `v2`',
    doc: 'With `v2` the trusted proxies begin each connection with a PROXY protocol header, version 2, which names the client. Every answer then closes its connection. Needs `SALLYPORT_TRUSTED_PROXIES`.',
  }),
  keepAliveS: withDefault(integer(0, LONGEST_KEEP_ALIVE_S), '5', {
    env: 'SALLYPORT_KEEP_ALIVE_S',
    type: 'integer',
    unit: 's',
    doc: `How long a client may keep an idle HTTP connection; answers say so in \`Keep-Alive: timeout=...\`. 0: every answer closes its connection. 0 to ${LONGEST_KEEP_ALIVE_S}.`,
  }),
  adminPort: optional(integer(0, 65_535), {
    env: 'SALLYPORT_ADMIN_PORT',
    type: 'integer, 0 to 65535',
    doc: 'The port that serves `/metrics` and `/openapi.json`. With several workers: the port of the first; the others count up from it. 0 picks a free port; the log line `admin_listening` names it.',
    unset: 'SALLYPORT_PORT serves both',
  }),
  adminHost: optional(text, {
    env: 'SALLYPORT_ADMIN_HOST',
    type: 'address or host name',
    doc: 'The address to listen on at SALLYPORT_ADMIN_PORT.',
    unset: 'SALLYPORT_HOST',
  }),
};
