/** Registers an endpoint of webhooks, for `webhooks create` and `webhooks listen`. */
import type { Flag } from '../flag.js';
import type { GatewayApi } from './gateway-api.js';

export const TYPES_FLAG: Flag = {
  name: 'types',
  value: 'TYPES',
  about: 'Only these types and families, such as session.ended,member.*.',
};

/** `types`: separated by commas; null: all. Resolves with the answer's text; rejects with a `CommandFailed`. */
export function createEndpoint(
  api: GatewayApi,
  url: string,
  types: string | null,
  signal?: AbortSignal,
): Promise<string> {
  const body = JSON.stringify({ url, types: types?.split(',').map((type) => type.trim()) });
  const call = { method: 'POST', path: '/v1/webhooks', body } as const;
  return api.native(signal === undefined ? call : { ...call, signal });
}
