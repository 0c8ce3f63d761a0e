/** `GET /v1/connect` without an upgrade: a browser client asks here why its handshake failed. */
import { connectRequestOf, type Gatekeeper } from '../../ports/connect.js';
import { CONNECT_ERRORS } from '../../protocol/connect-errors.js';
import { Failure } from '../../protocol/failure.js';
import { defineOpenRoute, type Route } from '../route.js';

export interface ConnectRoutesDeps {
  readonly gatekeeper: Pick<Gatekeeper, 'examine'>;
}

export function connectRoutes({ gatekeeper }: ConnectRoutesDeps): readonly Route[] {
  return [
    defineOpenRoute({
      name: 'connect',
      summary: 'Open a WebSocket. Without an upgrade, the answer says why a handshake with this credential would fail.',
      method: 'GET',
      path: '/v1/connect',
      responses: {},
      errors: CONNECT_ERRORS,
      async handle({ request }) {
        // The engine treats a request as a handshake only when its key has the right length.
        if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') {
          throw new Failure('invalid_request', {
            message:
              'The handshake is incomplete: it needs Connection: Upgrade and a Sec-WebSocket-Key of 16 bytes in base64.',
          });
        }
        throw await gatekeeper.examine(connectRequestOf(request, null));
      },
    }),
  ];
}
