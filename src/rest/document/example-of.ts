/** Makes an example of a JSON Schema: plausible values by the names of members, the rest by type. */
import type { JsonObject } from '../schema-book.js';
import { MEMBER_EXAMPLES } from './member-examples.js';

/** Deeper than any answer. */
const MAX_DEPTH = 12;

export class ExampleMaker {
  /** `schemas`: the shared ones, by name. */
  constructor(private readonly schemas: Readonly<Record<string, JsonObject>>) {}

  /** `owner`: the name of the schema or of the operation, as in `MEMBER_EXAMPLES`. */
  exampleOf(owner: string, schema: JsonObject): unknown {
    return this.make(owner, '', schema, 0);
  }

  private make(owner: string, name: string, schema: JsonObject, depth: number): unknown {
    const known = MEMBER_EXAMPLES[`${owner}.${name}`] ?? MEMBER_EXAMPLES[name];
    const reference = schema['$ref'];
    if (typeof reference === 'string') {
      const id = reference.slice(reference.lastIndexOf('/') + 1);
      return depth > MAX_DEPTH ? null : this.make(id, name, this.schemas[id] ?? {}, depth + 1);
    }
    if ('const' in schema) return schema['const'];
    const choices = schema['enum'];
    if (Array.isArray(choices)) return choices.find((choice) => choice === known) ?? choices[0];
    if (schema['type'] === 'object' && isRecord(schema['properties'])) return this.object(owner, schema, depth);
    if (schema['type'] === 'array') return this.array(owner, name, schema, depth);
    const alternative = alternatives(schema)[0];
    if (alternative !== undefined && known === undefined) return this.make(owner, name, alternative, depth);
    if (known !== undefined) return known;
    if ('default' in schema) return schema['default'];
    return plain(schema);
  }

  private object(owner: string, schema: JsonObject, depth: number): JsonObject {
    const left: unknown = MEMBER_EXAMPLES[`${owner}.`];
    const leftOut = Array.isArray(left) ? left : [];
    const properties = isRecord(schema['properties']) ? schema['properties'] : {};
    const shown = Object.entries(properties).filter(([name]) => !leftOut.includes(name));
    return Object.fromEntries(
      shown.map(([name, property]) => [name, this.make(owner, name, isRecord(property) ? property : {}, depth)]),
    );
  }

  private array(owner: string, name: string, schema: JsonObject, depth: number): unknown {
    const known = MEMBER_EXAMPLES[`${owner}.${name}`] ?? MEMBER_EXAMPLES[name];
    if (Array.isArray(known)) return known;
    return isRecord(schema['items']) ? [this.make(owner, name, schema['items'], depth)] : [];
  }
}

function alternatives(schema: JsonObject): readonly JsonObject[] {
  const found = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

function plain({ type, minimum }: JsonObject): unknown {
  switch (firstOf(type)) {
    case 'integer':
    case 'number':
      return typeof minimum === 'number' && minimum > 0 ? minimum : 1;
    case 'boolean':
      return false;
    case 'object':
      return {};
    case 'null':
      return null;
    default:
      return 'text';
  }
}

function firstOf(type: unknown): unknown {
  return Array.isArray(type) ? type[0] : type;
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
