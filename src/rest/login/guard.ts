/**
 * Who may make a call of the login surface. Two carriers: the matrix parameter `;lsid=` of any segment for a user, the
 * query parameter `apiKey` or `api_key` for a system. Both in one call are ambiguous, and so are none.
 */
import { maySee, type LoginCaller, type LoginCallers, type LoginHolder } from '../../identity/login-callers.js';
import { Failure } from '../../protocol/failure.js';
import { presentedKey, type KeyVerifier } from '../auth.js';
import type { Guest, RouteInput } from '../route.js';

/** The security scheme of the OpenAPI document. */
export const LOGIN_GUARD = 'login';

export interface GuardDeps {
  readonly callers: Pick<LoginCallers, 'find'>;
  readonly keys: KeyVerifier;
}

export interface LoginGuest extends Guest {
  readonly caller: LoginCaller;
}

/** Whoever may use the session of the path. */
export interface SessionGuest extends LoginGuest {
  readonly holder: LoginHolder;
  /** The path's: the caller has it, so the answer may show it. */
  readonly lsid: string;
}

/** Rejects with `login_session_invalid`, which never says why, or with `scope_missing`. */
export function callerGuard(deps: GuardDeps): (input: RouteInput) => Promise<LoginGuest> {
  return async (input) => {
    const caller = await presentedCaller(deps, input);
    if (caller === null) throw new Failure('login_session_invalid');
    return guestOf(caller);
  };
}

/**
 * The LSID of the path is a secret, so it proves its holder by itself; a credential beside it must be one that may see
 * the session (docs/adr/0008-lsid-in-the-path.md). Rejects with `login_session_not_found` in every other case.
 */
export function sessionGuard(deps: GuardDeps): (input: RouteInput) => Promise<SessionGuest> {
  return async (input) => {
    const lsid = input.params['sessionId'] ?? '';
    const holder = await deps.callers.find(lsid);
    if (holder === null) throw new Failure('login_session_not_found');
    const caller = hasCredential(input)
      ? await presentedCaller(deps, input).catch(unseen)
      : { kind: 'user' as const, ...holder };
    if (caller === null || !maySee(caller, holder)) throw new Failure('login_session_not_found');
    return { ...guestOf(caller), holder, lsid };
  };
}

/** null when there is not exactly one credential, or it is not good. */
async function presentedCaller(
  { callers, keys }: GuardDeps,
  { request, matrix }: RouteInput,
): Promise<LoginCaller | null> {
  const lsid = matrix.get('lsid');
  const key = presentedKey('login', request);
  if (lsid !== undefined) {
    if (hasKeyParameter(request.query)) return null;
    const holder = await callers.find(lsid);
    return holder === null ? null : { kind: 'user', ...holder };
  }
  const system = key === null ? null : await keys.verify(key);
  if (system === null) return null;
  if (!system.scopes.includes('auth')) throw new Failure('scope_missing');
  return { kind: 'system', keyId: system.id };
}

function hasCredential({ request, matrix }: RouteInput): boolean {
  return matrix.has('lsid') || hasKeyParameter(request.query);
}

function hasKeyParameter(query: string): boolean {
  const parameters = new URLSearchParams(query);
  return parameters.has('apiKey') || parameters.has('api_key');
}

/** A key without the scope may not see the session: no more is said on its paths. */
function unseen(error: unknown): null {
  if (error instanceof Failure && error.code === 'scope_missing') return null;
  throw error;
}

function guestOf(caller: LoginCaller): LoginGuest {
  return { callerId: caller.kind === 'system' ? caller.keyId : `login:${caller.session.id}`, caller };
}
