/** Outbound calls over node:http and node:https, without a pool: one connection per call, to an address that was checked. */
import { lookup } from 'node:dns/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { OutboundFailure, type Outbound, type OutboundAnswer, type OutboundCall } from '../../ports/outbound.js';
import { parseTarget, refusalOfAddress, type Target, type TargetRules } from './targets.js';

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface OutboundOptions extends TargetRules {
  /** All addresses of a name. The default asks the operating system. */
  readonly resolve?: (name: string) => Promise<readonly Address[]>;
  /** A certificate authority to trust in addition to the system's own, PEM. */
  readonly ca?: string;
}

export function createOutbound(options: OutboundOptions): Outbound {
  const { resolve = resolveBySystem } = options;

  async function addressesOf({ host }: Target): Promise<readonly Address[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const found = await resolve(host).catch((error: unknown) => {
      throw new OutboundFailure('unreachable', `${host} has no address`, error);
    });
    if (found.length === 0) throw new OutboundFailure('unreachable', `${host} has no address`);
    for (const { address } of found) {
      const refusal = refusalOfAddress(address, options);
      if (refusal !== null) throw new OutboundFailure('refused', `${host}: ${refusal}`);
    }
    return found;
  }

  return {
    refusalOf(url) {
      const target = parseTarget(url, options);
      return 'refusal' in target ? target.refusal : null;
    },
    async post(call) {
      const target = parseTarget(call.url, options);
      if ('refusal' in target) throw new OutboundFailure('refused', target.refusal);
      const deadline = AbortSignal.timeout(call.deadlineMs);
      const signal = AbortSignal.any([call.signal, deadline]);
      try {
        const addresses = await orAborted(addressesOf(target), signal);
        return await exchange(target, addresses, call, { signal, ca: options.ca });
      } catch (error) {
        if (error instanceof OutboundFailure) throw error;
        if (call.signal.aborted) throw new OutboundFailure('aborted', 'the call was ended', error);
        if (deadline.aborted) throw new OutboundFailure('timeout', `${target.host} did not answer in time`, error);
        throw new OutboundFailure('unreachable', `${target.host} is not reachable`, error);
      }
    },
  };
}

function resolveBySystem(name: string): Promise<readonly Address[]> {
  return lookup(name, { all: true, verbatim: true });
}

interface ConnectOptions {
  readonly signal: AbortSignal;
  readonly ca: string | undefined;
}

function exchange(
  { url, host }: Target,
  addresses: readonly Address[],
  call: OutboundCall,
  { signal, ca }: ConnectOptions,
): Promise<OutboundAnswer> {
  const options: RequestOptions & { readonly ca?: string } = {
    method: 'POST',
    host,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...call.headers, Host: url.host, 'Content-Length': String(Buffer.byteLength(call.body)) },
    agent: false,
    lookup: answerWith(addresses),
    signal,
    ...(ca === undefined ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    const request: ClientRequest = (url.protocol === 'https:' ? httpsRequest : httpRequest)(options, (response) => {
      read(response, call.maxAnswerBytes)
        .then(resolve, reject)
        .finally(() => request.destroy());
    });
    request.on('error', reject);
    request.end(call.body);
  });
}

/** The connection asks for the name again: it gets the addresses that were checked. */
function answerWith(addresses: readonly Address[]): LookupFunction {
  return (_name, { all }, done) => {
    const [first] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
}

async function read(response: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const status = response.statusCode ?? 0;
  if (maxBytes === 0) return { status, body: '' };
  const arriving: AsyncIterable<Buffer> = response;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of arriving) {
    bytes += part.length;
    if (bytes > maxBytes) {
      throw new OutboundFailure('answer_too_large', `the answer has more than ${String(maxBytes)} bytes`);
    }
    parts.push(part);
  }
  return { status, body: Buffer.concat(parts).toString('utf8') };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new Error('aborted'));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
