/** An example of each error on each surface, shared by all operations that can answer with it. */
import type { ErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import type { JsonObject } from '../schema-book.js';
import type { Surface } from '../surface.js';

const REQUEST_ID = '01234567-89ab-4cde-8f01-23456789abcd';

export class ErrorExamples {
  /** By name, for `#/components/examples`. */
  readonly components: Record<string, JsonObject> = {};

  /** The examples of one response: one for each code that leads to it. */
  examplesOf(surface: Surface, codes: readonly ErrorCode[]): JsonObject {
    return Object.fromEntries(codes.map((code) => [code, this.reference(surface, code)]));
  }

  private reference(surface: Surface, code: ErrorCode): JsonObject {
    const name = `${surface.name}_${code}`;
    this.components[name] ??= { summary: code, value: surface.errorBody.write(new Failure(code), REQUEST_ID) };
    return { $ref: `#/components/examples/${name}` };
  }
}
