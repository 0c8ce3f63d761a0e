/**
 * Finds the calling device by its cookie, by the Authorization header of a native app or, in development only, by the
 * query. A page may use its cookie for a change only when its origin is allowed: a form on a foreign page could send it.
 */
import type { Devices } from '../../identity/devices.js';
import type { HttpRequest } from '../../ports/http.js';
import type { DeviceWithSessions } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import { originAllowed, type OriginRule } from '../../sockets/origin.js';
import { credentialRule } from '../shared-paths.js';
import { wrongCarrier } from '../wrong-carrier.js';
import type { Guest } from '../route.js';

export interface DeviceCallersDeps {
  readonly devices: Pick<Devices, 'find'>;
  readonly origins: OriginRule;
  /** Whether a token in the query counts. */
  readonly isDevelopment: boolean;
}

/** A caller of the client surface, with or without a device. */
export interface Asking {
  readonly device: DeviceWithSessions | null;
  /** The page that asks; null for programs. */
  readonly origin: string | null;
  /** Whether the caller cannot read cookies and gets its token in a header. */
  readonly wantsHeader: boolean;
}

export interface DeviceCaller extends Asking, Guest {
  readonly device: DeviceWithSessions;
}

interface Presented {
  readonly carrier: 'cookie' | 'native' | 'query';
  readonly token: string | null;
}

export const COOKIE_NAME = '__client';
const DEV_PARAMETER = '__dev_session';
const BEARER = /^(?:bearer +)?([\x21-\x7e]+)$/i;
/** Longer than any origin that a browser sends by itself. */
const MAX_ORIGIN_LENGTH = 256;

export class DeviceCallers {
  constructor(private readonly deps: DeviceCallersDeps) {}

  /** Rejects with `authentication_invalid`, `origin_authorization_headers_conflict` or `origin_not_allowed`. */
  async device(request: HttpRequest, call: { readonly changes: boolean }): Promise<DeviceCaller> {
    const { device, origin, wantsHeader } = await this.anybody(request, call);
    if (device === null) throw noDevice(request, wantsHeader);
    return { device, origin, wantsHeader, callerId: device.device.id };
  }

  /** Rejects with `origin_authorization_headers_conflict` or `origin_not_allowed`. */
  async anybody(request: HttpRequest, { changes }: { readonly changes: boolean }): Promise<Asking> {
    const { headers, query } = request;
    const origin = headers.get('origin') ?? null;
    if (origin !== null && headers.has('authorization')) throw new Failure('origin_authorization_headers_conflict');
    const parameters = new URLSearchParams(query);
    const presented = this.presented(request, parameters);
    // The check includes callers that claim to be native apps. Without it, a foreign page could sign in by itself and make
    // the browser keep that cookie.
    const isPages = presented.carrier !== 'query';
    if (changes && isPages && !this.mayUseCookie(request, origin)) throw new Failure('origin_not_allowed');
    return {
      device: presented.token === null ? null : await this.deps.devices.find(presented.token),
      origin: origin !== null && origin.length <= MAX_ORIGIN_LENGTH ? origin : null,
      wantsHeader: presented.carrier !== 'cookie',
    };
  }

  /** The carrier of a request, and the token in it. */
  private presented({ headers }: HttpRequest, parameters: URLSearchParams): Presented {
    if (isTrue(parameters.get('_is_native'))) {
      return { carrier: 'native', token: BEARER.exec(headers.get('authorization') ?? '')?.[1] ?? null };
    }
    if (this.deps.isDevelopment && parameters.has(DEV_PARAMETER)) {
      return { carrier: 'query', token: parameters.get(DEV_PARAMETER) };
    }
    return { carrier: 'cookie', token: cookieOf(headers.get('cookie') ?? '') };
  }

  private mayUseCookie({ headers }: HttpRequest, origin: string | null): boolean {
    return originAllowed(credentialRule(this.deps.origins), origin, headers.get('host') ?? null);
  }
}

function noDevice(request: HttpRequest, wantsHeader: boolean): Failure {
  const form = `the cookie ${COOKIE_NAME}, or with ?_is_native=1 as "Authorization: <token>"`;
  const message = wantsHeader ? null : wrongCarrier('its client token', form, request);
  return new Failure('authentication_invalid', message === null ? {} : { message });
}

function isTrue(text: string | null): boolean {
  return text === '1' || text === 'true';
}

/** Two cookies of that name count as none: a page on a sibling subdomain can add a cookie of its own. */
function cookieOf(header: string): string | null {
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
    .map((pair) => pair.slice(COOKIE_NAME.length + 1));
  return found.length === 1 ? (found[0] ?? null) : null;
}
