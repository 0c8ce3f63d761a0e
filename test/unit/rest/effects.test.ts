import { expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../../src/config/schema.js';
import { FIELD_EFFECTS, SETTING_EFFECTS } from './effects.js';
import { startRest } from './harness.js';

type Node = Readonly<Record<string, unknown>>;

const document = JSON.parse(startRest().rest.openapi) as Node;

it('NT7 the table names every field of every request, and no others', () => {
  const found = new Map<string, string[]>();
  for (const operation of childrenOf(document['paths']).flatMap(childrenOf)) {
    const parameters = childrenOf(operation['parameters']);
    const query = parameters.filter((one) => one['in'] === 'query').map((one) => `?${String(one['name'])}`);
    const contents = childrenOf(asNode(operation['requestBody'])['content']);
    const fields = [...new Set([...query, ...contents.flatMap((content) => fieldsOf(asNode(content['schema']), ''))])];
    if (fields.length > 0) found.set(String(operation['operationId']), fields.toSorted());
  }
  const listed = Object.entries(FIELD_EFFECTS).map(([id, effects]) => [id, Object.keys(effects).toSorted()] as const);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(found));
  // Control: the walk sees nested fields.
  expect(found.get('createRelaySession')).toContain('filters[].filter_type');
});

it('NT7 the table names every setting, and no others', () => {
  expect(Object.keys(SETTING_EFFECTS).toSorted()).toEqual(CONFIG_KEYS.map(({ env }) => env).toSorted());
});

it('NT7 no entry of the tables is empty', () => {
  const texts = [...Object.values(FIELD_EFFECTS), SETTING_EFFECTS].flatMap((effects) => Object.values(effects));
  expect(texts.filter((text) => text.length < 3)).toEqual([]);
});

function fieldsOf(schema: Node, path: string): string[] {
  const { $ref } = schema;
  if (typeof $ref === 'string') return fieldsOf(sharedSchema($ref), path);
  const variants = ['anyOf', 'oneOf', 'allOf'].flatMap((name) => childrenOf(schema[name]));
  const items = asNode(schema['items']);
  const properties = Object.entries(asNode(schema['properties'])).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [at, ...fieldsOf(asNode(member), at)];
  });
  return [...variants.flatMap((variant) => fieldsOf(variant, path)), ...fieldsOfItems(items, path), ...properties];
}

function fieldsOfItems(items: Node, path: string): string[] {
  return Object.keys(items).length === 0 ? [] : fieldsOf(items, `${path}[]`);
}

function sharedSchema(ref: string): Node {
  const { schemas } = asNode(document['components']);
  return asNode(asNode(schemas)[ref.split('/').at(-1) ?? '']);
}

function childrenOf(value: unknown): Node[] {
  return Object.values(asNode(value)).map(asNode);
}

function asNode(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : {};
}
