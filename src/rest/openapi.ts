/** The OpenAPI 3.1 document, made from the surfaces, their routes and the schemas that validate. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../protocol/errors.js';
import { errorStatus } from './error-response.js';
import { describeMembers, describeParameter } from './document/describe-members.js';
import { ErrorExamples } from './document/error-examples.js';
import { ExampleMaker } from './document/example-of.js';
import { INFO, operationWords } from './document/operation-words.js';
import { NOTHING, type Route } from './route.js';
import { SchemaBook, type JsonObject } from './schema-book.js';
import type { ServedSurface, Surface } from './surface.js';

/** `webhooks`: by name, what the gateway calls others with; the schema's own description says when. */
export function buildOpenApi(
  served: readonly ServedSurface[],
  version: string,
  webhooks: Readonly<Record<string, z.ZodType>> = {},
): JsonObject {
  const book = new SchemaBook();
  const errors = new ErrorExamples();
  const paths: Record<string, JsonObject> = {};
  for (const { surface, routes } of served) {
    for (const route of routes) {
      paths[route.path] = {
        ...paths[route.path],
        [route.method.toLowerCase()]: describeMembers(route.name, operation(surface, route, book, errors)),
      };
    }
  }
  const calls = Object.fromEntries(
    Object.entries(webhooks).map(([name, schema]) => [name, webhook(name, schema, book)]),
  );
  return {
    openapi: '3.1.0',
    info: { ...INFO, version },
    servers: [{ url: '/' }],
    tags: served.map(({ surface: { name, title } }) => ({ name, description: title })),
    paths,
    webhooks: calls,
    components: {
      schemas: Object.fromEntries(
        Object.entries(book.components).map(([id, schema]) => [id, describeMembers(id, schema)]),
      ),
      examples: errors.components,
      securitySchemes: securitySchemes(served),
    },
  };
}

/** A call that the gateway makes. */
function webhook(name: string, body: z.ZodType, book: SchemaBook): JsonObject {
  const schema = book.schemaOf(body);
  const example = new ExampleMaker(book.components).exampleOf(name, schema);
  return {
    post: {
      operationId: `on_${name.replace('.', '_')}`,
      summary: body.meta()?.description,
      description:
        'Signed by Standard Webhooks 1.0. Repeated with the same `webhook-id` until it is answered with 2xx.',
      tags: ['native'],
      security: [],
      requestBody: { required: true, content: json(schema, { example }) },
      responses: {
        200: { description: 'Any 2xx: delivered.' },
        410: { description: 'The endpoint wants no more calls.' },
      },
    },
  };
}

/** The security schemes that routes name, in the order of first use. Throws when no surface describes one of them. */
function securitySchemes(served: readonly ServedSurface[]): JsonObject {
  const described = new Map(served.flatMap(({ surface }) => Object.entries(surface.securitySchemes)));
  const asked = served.flatMap(({ surface, routes }) => routes.flatMap((route) => schemeNames(surface, route)));
  return Object.fromEntries(
    [...new Set(asked)].map((name) => {
      const scheme = described.get(name);
      if (scheme === undefined) throw new Error(`no surface describes the security scheme ${name}`);
      return [name, scheme];
    }),
  );
}

function schemeNames(surface: Surface, { auth }: Route): readonly string[] {
  if (auth === 'none') return [];
  return 'guard' in auth ? [auth.guard].flat() : [surface.name];
}

function operation(surface: Surface, route: Route, book: SchemaBook, errors: ErrorExamples): JsonObject {
  return {
    operationId: route.name,
    ...operationWords(route),
    tags: [surface.name],
    ...security(surface, route),
    parameters: [...parameters(route, 'path', book), ...parameters(route, 'query', book), ...common(route)],
    ...(route.body === NOTHING ? {} : { requestBody: requestBody(route, book) }),
    responses: { ...successes(route, book), ...failures(surface, route, book, errors) },
  };
}

function security(surface: Surface, route: Route): JsonObject {
  const names = schemeNames(surface, route);
  if (names.length === 0) return { security: [] };
  const needed = { security: [Object.fromEntries(names.map((name) => [name, []]))] };
  return typeof route.auth === 'object' && 'scope' in route.auth && route.auth.scope !== 'any'
    ? { ...needed, 'x-required-scope': route.auth.scope }
    : needed;
}

function requestBody(route: Route, book: SchemaBook): JsonObject {
  const schema = book.schemaOf(route.body);
  const content = json(schema, exampleOf(route, schema, book));
  if (route.bodyForm !== 'form') return { required: route.bodyForm === 'json', content };
  return { required: false, content: { 'application/x-www-form-urlencoded': { schema }, ...content } };
}

function parameters(route: Route, place: 'path' | 'query', book: SchemaBook): readonly JsonObject[] {
  const schema = place === 'path' ? route.params : route.query;
  if (!(schema instanceof z.ZodObject)) return [];
  const required = new Set(book.requiredOf(schema));
  return Object.entries(book.propertiesOf(schema)).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    ...describeParameter(route.name, name, property),
    schema: property,
  }));
}

function common(route: Route): readonly JsonObject[] {
  if (!route.mutating) return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key and body get the same answer for 24 hours, marked Idempotent-Replayed: true.',
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
    },
  ];
}

function successes(route: Route, book: SchemaBook): JsonObject {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, kind]) => {
      if (kind === 'empty') return [status, { description: 'Done; no body.' }];
      if (kind instanceof z.ZodType) {
        const schema = book.schemaOf(kind);
        return [status, { description: 'Success.', content: json(schema, exampleOf(route, schema, book)) }];
      }
      if ('json' in kind) {
        const schema = book.schemaOf(kind.json);
        const content = {
          ...json(schema, exampleOf(route, schema, book)),
          [kind.orText]: { schema: { type: 'string' } },
        };
        return [status, { description: 'Success.', content }];
      }
      return [status, { description: 'Success.', content: { [kind.contentType]: { schema: { type: 'string' } } } }];
    }),
  );
}

/** One response for each status, with the codes that lead to it. */
function failures(surface: Surface, route: Route, book: SchemaBook, errors: ErrorExamples): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...commonErrors(route), ...route.errors])) {
    const status = errorStatus(surface, code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = book.schemaOf(surface.errorBody.schema);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `${code}: ${ERRORS[code].message}`).join(' '),
        content: json(schema, { examples: errors.examplesOf(surface, codes) }),
      },
    ]),
  );
}

function commonErrors(route: Route): readonly ErrorCode[] {
  const asksStore = route.auth !== 'none';
  return [
    ...errorsIf(asksStore, ['unauthorized', 'scope_missing', 'store_unavailable']),
    ...errorsIf(route.body !== NOTHING, ['malformed_json', 'body_too_large']),
    ...errorsIf(route.body !== NOTHING || route.query !== NOTHING, ['invalid_request']),
    ...errorsIf(route.mutating, ['invalid_request', 'idempotency_conflict', 'idempotency_in_progress']),
    ...errorsIf(route.refusedWhileDraining, ['draining']),
    'ambiguous_request',
    'internal',
  ];
}

function errorsIf(holds: boolean, codes: readonly ErrorCode[]): readonly ErrorCode[] {
  return holds ? codes : [];
}

function json(schema: JsonObject, examples: JsonObject): JsonObject {
  return { 'application/json': { schema, ...examples } };
}

function exampleOf({ name }: Route, schema: JsonObject, book: SchemaBook): JsonObject {
  return { example: new ExampleMaker(book.components).exampleOf(name, schema) };
}
