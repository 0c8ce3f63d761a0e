import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillTemplate, type TemplateContext } from '../../../src/identity/token-templates.js';
import type { Json } from '../../../src/lib/json.js';

const context: TemplateContext = {
  user: {
    id: 'user_1',
    first_name: 'Ada',
    last_name: null,
    age: 36,
    banned: false,
    public_metadata: { x: { y: 'deep', 'dash-ed': 1, list: [1, 2] }, admin: true, empty: '', zero: 0 },
  },
  org: { id: 'org_1', slug: 'acme' },
  org_membership: null,
};

function filled(value: Json): Json | undefined {
  return fillTemplate({ claim: value }, context)['claim'];
}

describe('shortcodes of JWT templates', () => {
  it.each([
    ['{{user.id}}', 'user_1'],
    ['{{ user.id }}', 'user_1'],
    ['  {{user.id}}  ', 'user_1'],
    ['{{user.age}}', 36],
    ['{{user.banned}}', false],
    ['{{user.public_metadata.x}}', { y: 'deep', 'dash-ed': 1, list: [1, 2] }],
    ['{{user.public_metadata.x.dash-ed}}', 1],
    ['{{user.public_metadata.x.list}}', [1, 2]],
    ['{{org.slug}}', 'acme'],
  ])('TK7 %s alone is the value, of its own type', (text, value) => {
    expect(filled(text)).toEqual(value);
  });

  it.each([
    ['id {{user.id}}', 'id user_1'],
    ['{{user.first_name}} is {{user.age}}', 'Ada is 36'],
    ['{{user.age}}{{user.age}}', '3636'],
    ['{{user.banned}}!', 'false!'],
    ['meta {{user.public_metadata.x.list}}', 'meta [1,2]'],
    ['{{user.last_name}}, {{user.first_name}}', 'null, Ada'],
    ['not closed {{user.id', 'not closed {{user.id'],
    ['{{user.id', '{{user.id'],
    ['closed only }} {{user.id}} }}', 'closed only }} user_1 }}'],
    ['plain', 'plain'],
    ['', ''],
  ])('TK8 within a text a shortcode becomes text: %s', (text, value) => {
    expect(filled(text)).toBe(value);
  });

  it.each([
    '{{user.nope}}',
    '{{user.public_metadata.x.y.z}}',
    '{{user.first_name.length}}',
    '{{user.public_metadata.x.list.0}}',
    '{{org_membership.role}}',
    '{{session.id}}',
    '{{}}',
    '{{ }}',
    '{{user..id}}',
    '{{user.id | user.age}}',
    '{{user.toString}}',
    '{{user.constructor}}',
    '{{user.constructor.name}}',
    '{{user.__proto__}}',
    '{{user.public_metadata.__proto__.polluted}}',
    '{{user.hasOwnProperty}}',
    '{{constructor}}',
    '{{__proto__}}',
    '{{user.id()}}',
    "{{'unclosed}}",
    '{{user.private_metadata}}',
  ])('TK9 what is not there is null: %s', (text) => {
    expect(filled(text)).toBeNull();
  });

  it.each([
    ["{{user.public_metadata.x.y || 'none'}}", 'deep'],
    ["{{user.public_metadata.x.z || 'none'}}", 'none'],
    ['{{user.nope || "double"}}', 'double'],
    ['{{user.nope || user.last_name || user.first_name}}', 'Ada'],
    ["{{user.nope||'a || b'}}", 'a || b'],
    ['{{user.nope || 7}}', 7],
    ['{{user.nope || -1.5}}', -1.5],
    ['{{user.banned || true}}', true],
    ['{{user.nope || false}}', false],
    ["{{user.public_metadata.empty || 'x'}}", ''],
    ["{{user.public_metadata.zero || 'x'}}", 0],
    ['{{user.nope || null}}', null],
    ["hi {{user.nope || 'you'}}", 'hi you'],
    ["{{'literal'}}", 'literal'],
  ])('TK10 a fallback stands in for what is null or false: %s', (text, value) => {
    expect(filled(text)).toEqual(value);
  });

  it('TK7 shortcodes are filled in at every level, names are left as they are', () => {
    const value = { '{{user.id}}': ['{{user.id}}', { deep: '{{user.age}}', n: 1, t: true, z: null }] };
    expect(filled(value)).toEqual({ '{{user.id}}': ['user_1', { deep: 36, n: 1, t: true, z: null }] });
  });

  it('TK11 a template sets no automatic claim and no sid', () => {
    const automatic = ['azp', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub', 'sid'];
    const claims = Object.fromEntries(automatic.map((name) => [name, 'mine']));
    expect(fillTemplate({ ...claims, role: '{{org.slug}}' }, context)).toEqual({ role: 'acme' });
  });

  it('TK9 a member named __proto__ is one like any other', () => {
    const claims = JSON.parse('{"__proto__": "{{user.id}}", "a": {"__proto__": {"polluted": true}}}') as Record<
      string,
      Json
    >;
    const result = fillTemplate(claims, context);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(JSON.stringify(result)).toBe('{"__proto__":"user_1","a":{"__proto__":{"polluted":true}}}');
  });

  it('TK9 any text is filled in without an error, and a value read out is not filled in again', () => {
    const piece = fc.constantFrom('{{', '}}', '||', "'", '"', 'user', '.', 'id', 'nope', ' ', '__proto__', '{', '|');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.string(), (pieces, id) => {
        const result = fillTemplate({ a: pieces.join(''), b: '{{user.id}}' }, { ...context, user: { id } });
        expect(result['b']).toBe(id);
        expect(() => JSON.stringify(result)).not.toThrow();
      }),
    );
  });

  it('TK9 depth and length cost no more than they are long', () => {
    let deep: Json = '{{user.id}}';
    for (let level = 0; level < 500; level += 1) deep = [deep];
    expect(JSON.stringify(filled(deep))).toContain('{{user.id}}');
    expect(filled('{{'.repeat(20_000))).toBe('{{'.repeat(20_000));
    expect(filled(`{{${"'".repeat(40_000)}}}`)).not.toBeUndefined();
    expect(filled(`{{${'|'.repeat(40_000)}}}`)).toBeNull();
  });
});
