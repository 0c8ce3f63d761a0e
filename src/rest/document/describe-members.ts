/** Adds descriptions to the members and parameters of the OpenAPI document that have none of their own. */
import type { JsonObject } from '../schema-book.js';
import { MEMBER_WORDS } from './member-words.js';

/** Returns a copy. `owner`: the name of the schema or of the operation. */
export function describeMembers(owner: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => describeMembers(owner, each));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'properties' && isRecord(member) ? describeEach(owner, member) : describeMembers(owner, member),
    ]),
  );
}

/** A parameter shows the description of its schema, or that of its name. */
export function describeParameter(operation: string, name: string, schema: JsonObject): JsonObject {
  const own = schema['description'];
  return { description: typeof own === 'string' ? own : wordsFor(operation, name) };
}

function describeEach(owner: string, properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const described = describeMembers(owner, property);
      if (!isRecord(described) || 'description' in described) return [name, described];
      const description = wordsFor(owner, name);
      return [name, description === undefined ? described : { ...described, description }];
    }),
  );
}

function wordsFor(owner: string, name: string): string | undefined {
  return MEMBER_WORDS[`${owner}.${name}`] ?? MEMBER_WORDS[name];
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
