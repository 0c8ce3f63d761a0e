/** Untrusted values through zod: what comes out is typed, what is wrong is named by its member, never by its value. */
import type { z } from 'zod';
import { Failure } from '../protocol/failure.js';

/** One thing that is wrong, as the native surface shows it. */
export interface Problem {
  /** The member, dotted; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

const MAX_PROBLEMS = 20;
const MAX_PROBLEMS_IN_MESSAGE = 3;
/** Members of a caller's own naming are shown only when they look like names. */
const SHOWABLE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Rejects with `invalid_request`: the first problems in the message, all of them (up to 20) in the details. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, whole: 'query' | 'body'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf).slice(0, MAX_PROBLEMS);
  const message = problems
    .slice(0, MAX_PROBLEMS_IN_MESSAGE)
    .map((problem) => `${problem.path === '' ? whole : problem.path}: ${problem.message}`)
    .join('; ');
  throw new Failure('invalid_request', { message, details: problems });
}

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'there is no such member' }));
  }
  return [{ path: pathText(issue.path), message: issue.message.replace(/^Invalid input: /, '') }];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => (SHOWABLE_NAME.test(String(step)) ? String(step) : '?')).join('.');
}
