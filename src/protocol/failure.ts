import { ERRORS, type ErrorCode } from './errors.js';

export interface FailureOptions {
  /** Replaces the catalogue's sentence; never carries a secret. */
  readonly message?: string;
  /** Machine-readable detail, shown on the surfaces whose error body has room for it. */
  readonly details?: unknown;
  /** Where the request would be served instead; shown where the error body has room for it. */
  readonly url?: string;
  /** Seconds after which to try again; sent as Retry-After. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/**
 * An error with a code of the catalogue, the only kind that users see. The two places that turn errors into output
 * turn anything else into `internal`.
 */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterS: number | null;
  readonly url: string | null;

  constructor(code: ErrorCode, options: FailureOptions = {}) {
    super(options.message ?? ERRORS[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.details = options.details;
    this.retryAfterS = options.retryAfterS ?? null;
    this.url = options.url ?? null;
  }

  /**
   * Whether this failure was thrown. `store_unavailable` includes `outcome_unknown`: in both cases the store did not
   * answer, and in the second it may have made the change.
   */
  static is(thrown: unknown, code: ErrorCode): thrown is Failure {
    if (!(thrown instanceof Failure)) return false;
    return thrown.code === code || (code === 'store_unavailable' && thrown.code === 'outcome_unknown');
  }
}
