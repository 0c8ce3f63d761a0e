import type { Listening } from '../../gateway.js';
import { VERSION } from '../../lib/version.js';

/** The greeting for an operator who starts the program by hand: its address, its root key and an example to paste. */
export function greeting({ url, rootKey, engine }: Listening): string {
  const key = rootKey ?? '$SALLYPORT_ROOT_KEY';
  const socketUrl = url.replace(/^http/, 'ws');
  return `
  Sallyport ${VERSION} is up at ${url}
  ${engine}; embedded store: one node, everything is forgotten at exit (set SALLYPORT_REDIS_URL to keep it)

  Root key${rootKey === null ? ' (yours, from SALLYPORT_ROOT_KEY)' : ', generated for this run and shown only here'}:
    ${key}

  Create a relay session for two users:
    curl -s ${url}/v1/relays/sessions -H "Authorization: token ${key}" \\
      -d '{"users":[{"ip":"127.0.0.1"},{"ip":"127.0.0.1"}]}'

  Connect each user with the numbers in the answer:
    npx wscat -s sallyport.v1 -c '${socketUrl}/v1/connect?access_token=<session_id>.<authorization_token>.<authorization_token of the user>'

  Or with the SDK:
    import { connect } from 'sallyport-client';
    const client = await connect({ url: '${socketUrl}', credential: '<the same three, with dots between>' });

  Front page: ${url}/   The API: ${url}/openapi.json   A whole round trip: npm run demo   Stop: Ctrl-C

`;
}
