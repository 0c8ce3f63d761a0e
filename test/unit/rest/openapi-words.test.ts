/** The OpenAPI document as people read it: descriptions and examples. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ERRORS } from '../../../src/protocol/errors.js';
import { startRest } from './harness.js';

type Schema = z.core.JSONSchema.JSONSchema;

interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
interface Document {
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

const document = JSON.parse(startRest().rest.openapi) as Document;
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

/** The document's own schema, read back. */
function accepts(schema: Schema, value: unknown): z.ZodSafeParseResult<unknown> {
  const own = JSON.stringify(schema);
  const known = read.get(own) ?? z.fromJSONSchema(withDefinitions(own));
  read.set(own, known);
  return known.safeParse(value);
}

const read = new Map<string, z.ZodType>();

function withDefinitions(own: string): Schema {
  const definitions = JSON.stringify(document.components.schemas);
  const text = `${own.slice(0, -1)},"$defs":${definitions}}`;
  return JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Schema;
}

/** The members without a description, as `Owner.name`. */
function undescribed(owner: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const below = undescribed(owner, inner);
    if (key !== 'properties' || typeof inner !== 'object' || inner === null) return below;
    const silent = Object.entries(inner).filter(([, member]) => !hasDescription(member));
    return [...silent.map(([name]) => `${owner}.${name}`), ...below];
  });
}

function hasDescription(value: unknown): boolean {
  return typeof Reflect.get(value as object, 'description') === 'string';
}

it('OA1 every operation, parameter and member is described', () => {
  for (const { summary, description } of operations) {
    expect(summary).toMatch(/^[A-Z][^\n]{4,160}[^.]$/);
    expect(description).toMatch(/^[A-Z][^]{10,}\.$/);
  }
  const silentParameters = operations.flatMap(({ operationId, parameters }) =>
    parameters.filter((each) => !hasDescription(each)).map(({ name }) => `${operationId}.${name}`),
  );
  expect(silentParameters).toEqual([]);
  const ofSchemas = Object.entries(document.components.schemas).flatMap(([id, schema]) => undescribed(id, schema));
  expect(ofSchemas).toEqual([]);
  expect(operations.flatMap((operation) => undescribed(operation.operationId, operation))).toEqual([]);
});

it('OA2 every body has an example that its own schema accepts, and every error its own', () => {
  const wrong: unknown[] = [];
  for (const { operationId, requestBody, responses } of operations) {
    for (const [status, { content = {} }] of [['body', requestBody ?? {}] as const, ...Object.entries(responses)]) {
      const media = content['application/json'];
      // The document itself.
      if (media === undefined || media.schema.type === 'string') continue;
      const shared = Object.entries(media.examples ?? {}).map(([code, { $ref }]) => {
        expect(ERRORS).toHaveProperty(code);
        return document.components.examples[$ref.replace('#/components/examples/', '')]?.value;
      });
      const examples = media.examples === undefined ? [media.example] : shared;
      for (const example of examples) {
        const result = accepts(media.schema, example);
        if (example === undefined || !result.success) wrong.push([operationId, status, example, result.error?.issues]);
      }
    }
  }
  expect(wrong).toEqual([]);
});

it('OA3 the document says what it is, whose it is, and under which license', () => {
  for (const name of ['title', 'summary', 'description', 'version', 'contact', 'license']) {
    expect(document.info).toHaveProperty(name);
  }
});

it('OA2 the gateway itself takes the example of every body that an API key is enough for', async () => {
  const rest = startRest();
  const refused: unknown[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { requestBody, security }] of Object.entries(methods)) {
      const example = requestBody?.content['application/json']?.example;
      const [needed = {}] = security;
      if (example === undefined || !('relays' in needed || 'native' in needed)) continue;
      const line = `${method.toUpperCase()} ${withIds(path)}`;
      const answer = await ('relays' in needed ? rest.relay(line, example) : rest.native(line, example));
      const isKnown = !String(answer.body).includes('there is no such relay session');
      if (answer.status === 400 && isKnown) refused.push([line, answer.body]);
    }
  }
  expect(refused).toEqual([]);
});

/** The path with an id of the right form in each place. */
function withIds(path: string): string {
  const letters = '2b6fcd92dvf96q05x8fn4n31ktm';
  const id = path.startsWith('/v1/organizations') ? `org_${letters}` : `user_${letters}`;
  return path
    .replace('{session_id}', '0123456789ab-S')
    .replace('{id}', id)
    .replace('{user_id}', `user_${letters}`)
    .replace('{name}', 'template');
}
