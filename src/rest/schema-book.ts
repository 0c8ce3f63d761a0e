/** Zod schemas as JSON Schema; those with an id become shared components and are referred to. */
import { z } from 'zod';

export type JsonObject = Readonly<Record<string, unknown>>;

export class SchemaBook {
  /** The shared schemas by id, for `#/components/schemas`. */
  readonly components: Record<string, JsonObject> = {};
  /**
   * The schemas that are converted already: many calls share one, and each conversion adds a millisecond to the start.
   */
  private readonly known = new Map<z.ZodType, JsonObject>();

  /** Describes a value on the wire. It allows extra members in answers, because answers grow. */
  schemaOf(schema: z.ZodType): JsonObject {
    const known = this.known.get(schema);
    if (known !== undefined) return known;
    const made = this.convert(schema);
    this.known.set(schema, made);
    return made;
  }

  propertiesOf(schema: z.ZodObject): Readonly<Record<string, JsonObject>> {
    const properties = asObject(this.schemaOf(schema)['properties']);
    return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, asObject(property)]));
  }

  requiredOf(schema: z.ZodObject): readonly string[] {
    const required = this.schemaOf(schema)['required'];
    return Array.isArray(required) ? required.map(String) : [];
  }

  private convert(schema: z.ZodType): JsonObject {
    // Checks written as code (refine, transform, custom) have no JSON Schema; their `meta` describes them instead.
    const { $defs, ...own } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    delete own.$schema;
    for (const [id, shared] of Object.entries($defs ?? {})) this.components[id] = asObject(finished(shared));
    return asObject(finished(own));
  }
}

/** References lead to the components, and integers say how many bits hold them. */
function finished(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(finished);
  if (typeof value !== 'object' || value === null) return value;
  const members: JsonObject = Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) =>
      name === '$ref' && typeof member === 'string'
        ? [name, member.replace(/^#\/\$defs\//, '#/components/schemas/')]
        : [name, finished(member)],
    ),
  );
  return members['type'] === 'integer' ? { ...members, format: integerFormat(members) } : members;
}

/** Generators of typed clients take an integer without a format as 32 bits. */
function integerFormat({ minimum, maximum }: JsonObject): 'int32' | 'int64' {
  const isSmall = [minimum, maximum].every((bound) => typeof bound === 'number' && (bound | 0) === bound);
  return isSmall ? 'int32' : 'int64';
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
