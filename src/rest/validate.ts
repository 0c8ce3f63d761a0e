/**
 * Parses untrusted values with zod. An error names the wrong member and never its value. It does not repeat a member name
 * that the caller made up either, because a caller who mixes up a form sends a password as a name.
 */
import { z } from 'zod';
import { Failure } from '../protocol/failure.js';

/** One problem, as the native surface shows it. */
interface Problem {
  /** The member, dotted; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export const MAX_PROBLEMS = 20;
const MAX_PROBLEMS_IN_MESSAGE = 3;
/** Stands for a member that the schema does not name. */
const UNNAMED = '?';
/** Names that our schemas use, and indexes of a list. */
const SHOWABLE_NAME = /^(?:[A-Za-z_][A-Za-z0-9_]{0,31}|[0-9]{1,5})$/;

/** Rejects with `invalid_request`: the first problems in the message, all of them (up to 20) in the details. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, whole: 'query' | 'body'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // Parses again to get the words of the errors: with words, each parse costs 2 us more.
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

/** Words the error for unknown members, because the schema's own message would repeat the caller's text. */
export function describeUnknown(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  return `there is no such member; known are ${Object.keys(issue.inst.shape).join(', ')}`;
}

/** The first problems, in words for the caller. */
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
