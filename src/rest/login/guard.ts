/**
 * Guards of the login surface. A user sends the matrix parameter `;lsid=` in any segment, a system sends the query parameter
 * `apiKey` or `api_key`. A call with both is refused, and so is a call with neither.
 */
import { maySee, type LoginCaller, type LoginCallers, type LoginHolder } from '../../identity/login-callers.js';
import { Failure } from '../../protocol/failure.js';
import type { UserSessionId } from '../../protocol/ids.js';
import type { KeyVerifier } from '../auth.js';
import type { Guest, RouteInput } from '../route.js';
import { wrongCarrier } from '../wrong-carrier.js';
import { hasKeyParameter, keyInQuery } from './api-key.js';

/** The security scheme of the OpenAPI document. */
export const LOGIN_GUARD = 'login';

export interface GuardDeps {
  readonly callers: Pick<LoginCallers, 'find' | 'proven'>;
  readonly keys: KeyVerifier;
}

export interface LoginGuest extends Guest {
  readonly caller: LoginCaller;
}

/** A caller that may use the session in the path. */
export interface SessionGuest extends LoginGuest {
  readonly holder: LoginHolder;
  /** The LSID in the path. The caller knows it, so the answer may show it. */
  readonly lsid: string;
}

/** How a route of this surface is guarded, as `defineGuardedRoute` takes it. */
interface LoginGuard<G extends LoginGuest> {
  readonly guardName: string;
  readonly guard: (input: RouteInput) => Promise<G>;
  /** Accepts the LSID of an ended session, so that a caller can repeat the call that ended it. */
  readonly identify: (input: RouteInput) => Promise<Guest>;
}

/** Rejects with `login_session_invalid`, which never says why a credential does not count, or with `scope_missing`. */
export function callerGuard(deps: GuardDeps): LoginGuard<LoginGuest> {
  return {
    guardName: LOGIN_GUARD,
    guard: async (input) => {
      const caller = await presentedCaller(deps, input);
      if (caller === null) throw noCaller(input);
      return guestOf(caller);
    },
    identify: async (input) => {
      const guest = await presentedProof(deps, input);
      if (guest === null) throw noCaller(input);
      return guest;
    },
  };
}

/**
 * The LSID of the path is a secret, so it proves its holder by itself; a credential beside it must be one that may see
 * the session (docs/adr/0008-lsid-in-the-path.md). Rejects with `login_session_not_found` in every other case.
 */
export function sessionGuard(deps: GuardDeps): LoginGuard<SessionGuest> {
  return {
    guardName: LOGIN_GUARD,
    guard: async (input) => {
      const lsid = lsidOfPath(input);
      const holder = await deps.callers.find(lsid);
      if (holder === null) throw new Failure('login_session_not_found');
      const caller = hasCredential(input)
        ? await presentedCaller(deps, input).catch(unseen)
        : { kind: 'user' as const, ...holder };
      if (caller === null || !maySee(caller, holder)) throw new Failure('login_session_not_found');
      return { holder, lsid, ...guestOf(caller) };
    },
    identify: async (input) => {
      const holder = await proofOf(deps, lsidOfPath(input));
      const guest = hasCredential(input) ? await presentedProof(deps, input).catch(unseen) : holder;
      if (holder === null || guest === null) throw new Failure('login_session_not_found');
      return guest;
    },
  };
}

/** Returns null unless there is exactly one credential and it is valid. */
async function presentedCaller(deps: GuardDeps, input: RouteInput): Promise<LoginCaller | null> {
  const presented = carriedLsid(input);
  if (presented === null) return systemOf(deps, input);
  const holder = await deps.callers.find(presented);
  return holder === null ? null : { kind: 'user', ...holder };
}

/** Returns the holder of the one credential, also when the session is over; null when the credential proves nobody. */
async function presentedProof(deps: GuardDeps, input: RouteInput): Promise<Guest | null> {
  const presented = carriedLsid(input);
  if (presented !== null) return proofOf(deps, presented);
  const system = await systemOf(deps, input);
  return system === null ? null : guestOf(system);
}

async function proofOf({ callers }: GuardDeps, lsid: string): Promise<Guest | null> {
  const session = await callers.proven(lsid);
  return session === null ? null : { callerId: callerIdOf(session.id) };
}

async function systemOf({ keys }: GuardDeps, { request }: RouteInput): Promise<LoginCaller | null> {
  const key = keyInQuery.read(request);
  const system = key === null ? null : await keys.verify(key);
  if (system === null) return null;
  if (!system.scopes.includes('auth')) throw new Failure('scope_missing');
  return { kind: 'system', keyId: system.id };
}

/** A credential in its place is refused without a reason. */
function noCaller(input: RouteInput): Failure {
  const form = '";lsid=<LSID>" in the path, or "?apiKey=<key>"';
  const message = hasCredential(input) ? null : wrongCarrier('its credential', form, input.request);
  return new Failure('login_session_invalid', message === null ? {} : { message });
}

/** An LSID that no session has. */
const NO_LSID = '';

/** Returns null when the call carries none. With an API key beside it, neither counts. */
function carriedLsid({ request, matrix }: RouteInput): string | null {
  const lsid = matrix.get('lsid') ?? null;
  return lsid !== null && hasKeyParameter(request.query) ? NO_LSID : lsid;
}

function lsidOfPath({ params }: RouteInput): string {
  return params['sessionId'] ?? '';
}

function hasCredential({ request, matrix }: RouteInput): boolean {
  return matrix.has('lsid') || hasKeyParameter(request.query);
}

/** A key without the scope may not see the session, so its error does not say that the session exists. */
function unseen(error: unknown): null {
  if (Failure.is(error, 'scope_missing')) return null;
  throw error;
}

function guestOf(caller: LoginCaller): LoginGuest {
  return { callerId: caller.kind === 'system' ? caller.keyId : callerIdOf(caller.session.id), caller };
}

function callerIdOf(sessionId: UserSessionId): string {
  return `login:${sessionId}`;
}
