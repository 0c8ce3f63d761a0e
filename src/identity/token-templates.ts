/**
 * Shortcodes of JWT templates: `{{user.id}}`, `{{org.slug}}`, `{{user.public_metadata.x.y || 'none'}}`. A text that is
 * one shortcode becomes its value, of any type; a shortcode inside a longer text becomes text. A missing value is null.
 */
import { writeExactJson } from '../lib/exact-json.js';
import type { Json } from '../lib/json.js';
import { AUTOMATIC_CLAIMS } from './templates.js';

/** The values that shortcodes can read, by name. */
export type TemplateContext = Readonly<Record<'user' | 'org' | 'org_membership', JsonObject | null>>;

type JsonObject = Readonly<Record<string, Json>>;

/** Texts nested deeper than this stay unchanged. */
const MAX_DEPTH = 32;
const OPEN = '{{';
const CLOSE = '}}';
const PATH = /^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;
const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/;
const QUOTED = /^(?:'([^']*)'|"([^"]*)")$/;
/** Operands of `||`; bars inside quotes belong to the quoted text. */
const OPERAND = /'[^']*'|"[^"]*"|\|\||[^|'"]+|[|'"]/g;

/** Returns the template's claims with all shortcodes replaced; leaves out claims that every token already has. */
export function fillTemplate(
  claims: Readonly<Record<string, Json>>,
  context: TemplateContext,
): Readonly<Record<string, Json>> {
  const own = Object.entries(claims).filter(([name]) => !AUTOMATIC_CLAIMS.has(name));
  return fromEntries(own.map(([name, value]) => [name, fill(value, context, 0)]));
}

function fill(value: Json, context: TemplateContext, depth: number): Json {
  if (typeof value === 'string') return fillText(value, context);
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return value;
  if (isList(value)) return value.map((item) => fill(item, context, depth + 1));
  return fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, context, depth + 1)]));
}

function fillText(text: string, context: TemplateContext): Json {
  const [head = '', ...rest] = text.split(OPEN);
  const [only = ''] = rest;
  if (rest.length === 1 && head.trim() === '' && only.indexOf(CLOSE) === only.trimEnd().length - CLOSE.length) {
    return valueOf(only.slice(0, only.indexOf(CLOSE)), context);
  }
  return head + rest.map((part) => fillPart(part, context)).join('');
}

/** Handles the text after one `{{`: a shortcode up to `}}`, then plain text. Without `}}` all of it is plain text. */
function fillPart(part: string, context: TemplateContext): string {
  const end = part.indexOf(CLOSE);
  if (end === -1) return OPEN + part;
  return textOf(valueOf(part.slice(0, end), context)) + part.slice(end + CLOSE.length);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : writeExactJson(value);
}

/** The first operand that is neither null nor false; the last one if all are. */
function valueOf(expression: string, context: TemplateContext): Json {
  let value: Json = null;
  for (const operand of operandsOf(expression)) {
    value = operandValue(operand.trim(), context);
    if (value !== null && value !== false) return value;
  }
  return value;
}

function operandsOf(expression: string): readonly string[] {
  const operands: string[] = [];
  let operand = '';
  const pieces = expression.match(OPERAND) ?? [];
  for (const [place, piece] of pieces.entries()) {
    if (piece !== '||') operand += piece;
    if (piece !== '||' && place < pieces.length - 1) continue;
    operands.push(operand);
    operand = '';
  }
  return operands;
}

function operandValue(operand: string, context: TemplateContext): Json {
  const [isQuoted, single, double] = QUOTED.exec(operand) ?? [];
  if (isQuoted !== undefined) return single ?? double ?? '';
  if (NUMBER.test(operand)) return Number(operand);
  if (operand === 'true') return true;
  if (operand === 'false') return false;
  return PATH.test(operand) ? lookUp(context, operand.split('.')) : null;
}

/** Own properties only: inherited ones are not metadata. Does not look into lists. */
function lookUp(context: TemplateContext, path: readonly string[]): Json {
  let at: Json = context;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || isList(at) || !Object.hasOwn(at, name)) return null;
    at = at[name] ?? null;
  }
  return at;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Keeps `__proto__` as an ordinary property. */
function fromEntries(entries: readonly (readonly [string, Json])[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(entries);
}
