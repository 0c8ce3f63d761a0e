/** Schemas of lists that callers send. */
import { z } from 'zod';
import { describeUnknown, MAX_PROBLEMS, problemsOf } from './validate.js';

export interface ListBounds {
  readonly min?: number;
  readonly max?: number;
}

/**
 * A list of these elements. It skips the elements of a list that is too long, and stops after the last problem that an
 * answer shows: `z.array` would describe the problems of every element, at 4 us each.
 */
export function list<T>(element: z.ZodType<T>, { min = 0, max = Number.MAX_SAFE_INTEGER }: ListBounds) {
  const outer = z.array(z.unknown()).min(min, `${min} at least`).max(max, `${max} at most`);
  return outer.transform((given, context) => takeAll(element, given, context)).meta({ items: itemsOf(element) });
}

function takeAll<T>(element: z.ZodType<T>, given: readonly unknown[], context: z.core.$RefinementCtx): T[] {
  const taken: T[] = [];
  let problems = 0;
  for (const [at, one] of given.entries()) {
    const result = element.safeParse(one, { error: describeUnknown });
    if (result.success) {
      taken.push(result.data);
      continue;
    }
    for (const { path, message } of problemsOf(result.error.issues)) {
      context.addIssue({ code: 'custom', path: [at, ...path], message });
      problems += 1;
    }
    if (problems >= MAX_PROBLEMS) break;
  }
  return problems === 0 ? taken : z.NEVER;
}

/** The JSON Schema of the elements, which the OpenAPI document cannot derive through a transform. */
function itemsOf(element: z.ZodType): Readonly<Record<string, unknown>> {
  const items = z.toJSONSchema(element, { io: 'input', unrepresentable: 'any' });
  delete items.$schema;
  return items;
}
