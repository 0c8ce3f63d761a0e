/** Copies the needed parts of the engine's request, which is invalid after the first await. */
import { randomUUID } from 'node:crypto';
import { clientAddressOf, type AddressRules } from './client-address.js';
import type { EngineRequest, EngineResponse } from './engine.js';
import { isAmbiguous, type HeaderList } from './header-guard.js';

/** A request without its body. */
export interface RequestHead {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly headerList: HeaderList;
  /** The client's address. */
  readonly remoteAddress: string;
  /** Trusted proxies name different clients, or write what cannot be read. */
  readonly isAddressAmbiguous: boolean;
}

const REQUEST_ID = /^[\w-]{1,64}$/;

export function copyHead(res: EngineResponse, req: EngineRequest, rules: AddressRules): RequestHead {
  const headers = new Map<string, string>();
  const headerList: [string, string][] = [];
  req.forEach((name, value) => {
    headerList.push([name, value]);
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  const client = clientAddressOf(res, headers, rules);
  const offered = headers.get('x-request-id');
  return {
    id: offered !== undefined && REQUEST_ID.test(offered) ? offered : randomUUID(),
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path: req.getUrl(),
    query: queryOf(req),
    headers,
    headerList,
    remoteAddress: client.address,
    isAddressAmbiguous: client.isAmbiguous,
  };
}

/** Two parsers, or two proxies, could read the request differently. */
export function isAmbiguousHead({ headerList, isAddressAmbiguous }: RequestHead): boolean {
  return isAddressAmbiguous || isAmbiguous(headerList);
}

/** At run time undefined without a question mark, although the published types say string. */
function queryOf(req: { getQuery(): string | undefined }): string {
  return req.getQuery() ?? '';
}
