import { expect, it } from 'vitest';
import { z } from 'zod';
import { NATIVE_SURFACE } from '../../../src/rest/native/surface.js';
import { RELAYS_SURFACE } from '../../../src/rest/relays/surface.js';
import type { Route } from '../../../src/rest/route.js';
import { parsePath } from '../../../src/rest/path.js';
import { RouteTree } from '../../../src/rest/route-tree.js';

function route(method: Route['method'], path: string): Route {
  const anything = z.unknown();
  return {
    name: path,
    summary: '',
    method,
    path,
    auth: 'none',
    mutating: false,
    refusedWhileDraining: false,
    params: anything,
    query: anything,
    body: anything,
    bodyForm: 'json',
    responses: {},
    errors: [],
    admit: async () => ({ callerId: 'nobody', run: async () => ({ status: 200 }) }),
  };
}

function native(...routes: readonly Route[]): RouteTree {
  return new RouteTree([{ surface: NATIVE_SURFACE, routes }]);
}

it('HT2 matrix parameters of every segment are taken out and percent-decoded', () => {
  const path = parsePath('/session;a=1;lsid=x%2Fy%3B/12;flag/clone;;b=%C3%A9=z');
  expect(path?.segments).toEqual(['session', '12', 'clone']);
  expect([...(path?.matrix ?? [])]).toEqual([
    ['a', '1'],
    ['lsid', 'x/y;'],
    ['flag', ''],
    ['b', 'é=z'],
  ]);
});

it.each([
  ...['', 'v1', '//', '/v1/', '/v1//keys', '/v1/./keys', '/v1/../keys', '/v1/%2e%2e/keys', '/v1/%2E', '/;a=1'],
  ...['/v1%2fkeys', '/v1%2Fkeys', '/v1%5ckeys', '/v1\\keys', '/v1/%00', '/v1/a%0ab', '/v1/%', '/v1/%zz', '/v1/%ff'],
  ...['/v1/é', '/v1/a b', '/v1;a=%zz', '/v1;a=1/x;a=2', '/v1;=x', '/..;a=1/x'],
])('HT4 %j is no path', (raw) => {
  expect(parsePath(raw)).toBeNull();
});

it('OB11 the path / has no segments', () => {
  expect(parsePath('/')).toEqual({ segments: [], matrix: new Map() });
});

it('HT4 a segment is decoded once', () => {
  expect(parsePath('/a%252fb/c%3Ad')?.segments).toEqual(['a%2fb', 'c:d']);
});

it('HT3 static segments win over parameters, with a way back to them', () => {
  const tree = native(
    route('GET', '/v1/things/{id}'),
    route('GET', '/v1/things/special'),
    route('GET', '/v1/{kind}/special/deep'),
    route('POST', '/v1/things:act'),
  );
  const found = (path: string, method = 'GET') => {
    const match = tree.match(method, parsePath(path));
    return match.kind === 'route' ? [match.route.path, match.params] : match.kind;
  };
  expect(found('/v1/things/special')).toEqual(['/v1/things/special', {}]);
  expect(found('/v1/things/other;x=y')).toEqual(['/v1/things/{id}', { id: 'other' }]);
  expect(found('/v1/things/special/deep')).toEqual(['/v1/{kind}/special/deep', { kind: 'things' }]);
  expect(found('/v1/things:act', 'POST')).toEqual(['/v1/things:act', {}]);
  expect(found('/v1/things%3Aact', 'POST')).toEqual(['/v1/things:act', {}]);
  expect(found('/v1/things:act')).toBe('other_methods');
  expect(found('/v1/things/a/b')).toBe('nothing');
  expect(found('/v1/things')).toBe('nothing');
});

it('HT5 a path of two surfaces has the shape of the first', () => {
  const tree = new RouteTree([
    { surface: RELAYS_SURFACE, routes: [route('GET', '/a/{id}')] },
    { surface: NATIVE_SURFACE, routes: [route('PATCH', '/a/{id}')] },
  ]);
  expect(tree.match('PUT', parsePath('/a/1'))).toMatchObject({
    kind: 'other_methods',
    surface: RELAYS_SURFACE,
    allow: ['GET', 'HEAD', 'PATCH'],
  });
});

it('HT3 two routes at one place are a mistake', () => {
  expect(() => native(route('GET', '/a/{id}'), route('GET', '/a/{id}'))).toThrow('GET /a/{id}');
  expect(() => native(route('GET', '/a/{id}'), route('PUT', '/a/{name}'))).toThrow('PUT /a/{name}');
});
