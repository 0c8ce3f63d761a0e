/** Errors in the shape of Clerk's frontend API. */
import { z } from 'zod';
import type { Failure } from '../../protocol/failure.js';
import type { ErrorBody } from '../surface.js';

const problemsSchema = z.array(z.object({ path: z.string(), message: z.string() }));

export const clientErrorBody: ErrorBody = {
  schema: z
    .object({
      errors: z.array(
        z.object({
          message: z.string(),
          long_message: z.string(),
          code: z.string(),
          meta: z.object({ param_name: z.string().optional().describe('The member that is out of shape.') }),
        }),
      ),
      clerk_trace_id: z.string(),
    })
    .meta({ id: 'ClientError' }),
  write: (failure, requestId) => ({ errors: entriesOf(failure), clerk_trace_id: requestId }),
};

/** One entry per member with a wrong shape, named in `meta` as Clerk does; one entry for any other failure. */
function entriesOf({ code, message, details }: Failure): readonly unknown[] {
  const { data: problems = [] } = problemsSchema.safeParse(details);
  if (problems.length === 0) return [{ message, long_message: message, code, meta: {} }];
  return problems.map((problem) => ({
    message: problem.message,
    long_message: problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`,
    code,
    meta: problem.path === '' ? {} : { param_name: problem.path },
  }));
}
