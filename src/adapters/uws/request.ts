/** Copies the needed parts of the engine's request, which is invalid after the first await. */
import { randomUUID } from 'node:crypto';
import { canonicalAddress } from '../../lib/address.js';
import type { EngineRequest, EngineResponse } from './engine.js';
import type { HeaderList } from './header-guard.js';

/** A request without its body. */
export interface RequestHead {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly headerList: HeaderList;
  readonly remoteAddress: string;
}

const REQUEST_ID = /^[\w-]{1,64}$/;

export function copyHead(res: EngineResponse, req: EngineRequest): RequestHead {
  const headers = new Map<string, string>();
  const headerList: [string, string][] = [];
  req.forEach((name, value) => {
    headerList.push([name, value]);
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  const offered = headers.get('x-request-id');
  return {
    id: offered !== undefined && REQUEST_ID.test(offered) ? offered : randomUUID(),
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path: req.getUrl(),
    query: queryOf(req),
    headers,
    headerList,
    remoteAddress: addressText(new Uint8Array(res.getRemoteAddress())),
  };
}

/** At run time undefined without a question mark, although the published types say string. */
function queryOf(req: { getQuery(): string | undefined }): string {
  return req.getQuery() ?? '';
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return canonicalAddress(groups.join(':')) ?? groups.join(':');
}
