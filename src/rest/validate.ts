/**
 * Untrusted values through zod: what comes out is typed, what is wrong is named by its member, never by its value. A
 * member of the caller's own naming is not named either: who mixes up a form sends a password as a name.
 */
import { z } from 'zod';
import { Failure } from '../protocol/failure.js';

/** One thing that is wrong, as the native surface shows it. */
interface Problem {
  /** The member, dotted; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export const MAX_PROBLEMS = 20;
const MAX_PROBLEMS_IN_MESSAGE = 3;
/** What stands for a member that the schema does not name. */
const UNNAMED = '?';
/** Names of ours, and places in a list. */
const SHOWABLE_NAME = /^(?:[A-Za-z_]{1,32}|[0-9]{1,5})$/;

/** Rejects with `invalid_request`: the first problems in the message, all of them (up to 20) in the details. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, whole: 'query' | 'body'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // Again, for its words: with them a parse costs 2 us more.
  const { issues } = schema.safeParse(value, { error: describeUnknown }).error ?? result.error;
  const problems: readonly Problem[] = problemsOf(issues).map(({ path, message }) => ({
    path: pathText(path),
    message,
  }));
  const message = problems
    .slice(0, MAX_PROBLEMS_IN_MESSAGE)
    .map((problem) => `${problem.path === '' ? whole : problem.path}: ${problem.message}`)
    .join('; ');
  throw new Failure('invalid_request', { message, details: problems });
}

/** What a schema's own message would repeat; for all else that one stands. */
export function describeUnknown(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  return `there is no such member; known are ${Object.keys(issue.inst.shape).join(', ')}`;
}

/** The first that are wrong, in words for the caller. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  return issues.slice(0, MAX_PROBLEMS).map(({ code, path, message }) => ({
    path: code === 'unrecognized_keys' ? [...path, UNNAMED] : path,
    message: message.replace(/^Invalid input: /, ''),
  }));
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => (SHOWABLE_NAME.test(String(step)) ? String(step) : UNNAMED)).join('.');
}
