/** What an error looks like on each surface: its HTTP status, its body, its headers. */
import { z } from 'zod';
import { ERRORS, type ErrorSpec, type Surface } from '../protocol/errors.js';
import type { Failure } from '../protocol/failure.js';

type ErrorBody = (failure: Failure, requestId: string) => object;

const BODIES: Readonly<Record<Surface, ErrorBody>> = {
  relays: ({ message }) => ({ message }),
  native: ({ code, message, details }) => ({ code, message, ...(details === undefined ? {} : { details }) }),
  client: (failure, requestId) => ({ errors: clientErrors(failure), clerk_trace_id: requestId }),
  login: ({ code, message }) => ({ error: code, message }),
  group: ({ code, message }) => ({ code, message }),
};

/** What a 401 tells the caller to send. Surfaces with other carriers than the Authorization header have none. */
const CHALLENGES: Readonly<Record<Surface, string | null>> = {
  relays: 'token realm="sallyport"',
  native: 'Bearer realm="sallyport"',
  client: null,
  login: null,
  group: 'Bearer realm="sallyport"',
};

const problemsSchema = z.array(z.object({ path: z.string(), message: z.string() }));

/** When a failure does not say after how long to try again. */
const DEFAULT_RETRY_AFTER_S = 1;

export function errorBody(surface: Surface, failure: Failure, requestId: string): unknown {
  const body = BODIES[surface](failure, requestId);
  return failure.code === 'outcome_unknown' ? { ...body, outcome: 'unknown' } : body;
}

/** One for each member that is out of shape, which `meta` names, as Clerk's do; otherwise one. */
function clientErrors({ code, message, details }: Failure): readonly unknown[] {
  const { data: problems = [] } = problemsSchema.safeParse(details);
  if (problems.length === 0) return [{ message, long_message: message, code, meta: {} }];
  return problems.map((problem) => ({
    message: problem.message,
    long_message: problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`,
    code,
    meta: problem.path === '' ? {} : { param_name: problem.path },
  }));
}

export function errorStatus(surface: Surface, code: Failure['code']): number {
  const spec: ErrorSpec = ERRORS[code];
  return spec.statusOn?.[surface] ?? spec.status;
}

export function errorHeaders(surface: Surface, failure: Failure): Readonly<Record<string, string>> {
  const status = errorStatus(surface, failure.code);
  const headers: Record<string, string> = {};
  const challenge = CHALLENGES[surface];
  if (status === 401 && challenge !== null) headers['WWW-Authenticate'] = challenge;
  if (status === 426) headers['Upgrade'] = 'websocket';
  const mustSayWhen = status === 429 || status === 503 || failure.code === 'idempotency_in_progress';
  if (failure.retryAfterS !== null || mustSayWhen) {
    headers['Retry-After'] = String(Math.max(1, Math.ceil(failure.retryAfterS ?? DEFAULT_RETRY_AFTER_S)));
  }
  return headers;
}
