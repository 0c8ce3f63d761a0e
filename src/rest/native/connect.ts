/** `GET /v1/connect` without an upgrade: a browser client asks here why its handshake failed. */
import type { ConnectRequest, Gatekeeper } from '../../ports/connect.js';
import type { HttpRequest } from '../../ports/http.js';
import { defineOpenRoute, NOTHING, type Route } from '../route.js';

export interface ConnectRoutesDeps {
  readonly gatekeeper: Pick<Gatekeeper, 'examine'>;
}

export function connectRoutes({ gatekeeper }: ConnectRoutesDeps): readonly Route[] {
  return [
    defineOpenRoute({
      name: 'connect',
      summary: 'The WebSocket endpoint. Without an upgrade it says what a handshake with this credential would meet.',
      surface: 'native',
      method: 'GET',
      path: '/v1/connect',
      params: NOTHING,
      query: NOTHING,
      body: NOTHING,
      responses: {},
      errors: [
        'upgrade_required',
        'invalid_request',
        'credential_missing',
        'credential_invalid',
        'credential_revoked',
        'banned',
        'origin_not_allowed',
        'address_not_allowed',
        'session_locked',
        'session_not_found',
        'session_full',
        'too_many_requests',
        'session_not_linked',
        'home_elsewhere',
        'draining',
        'store_unavailable',
      ],
      async handle({ request }) {
        throw await gatekeeper.examine(connectRequest(request));
      },
    }),
  ];
}

function connectRequest({ id, query, headers, remoteAddress }: HttpRequest): ConnectRequest {
  const offered = headers.get('sec-websocket-protocol') ?? '';
  return {
    requestId: id,
    query: new URLSearchParams(query),
    authorization: headers.get('authorization') ?? null,
    protocols: offered
      .split(',')
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== ''),
    origin: headers.get('origin') ?? null,
    host: headers.get('host') ?? null,
    remoteAddress,
  };
}
