/**
 * Shortcodes of JWT templates: `{{user.id}}`, `{{org.slug}}`, `{{user.public_metadata.x.y || 'none'}}`. A text that is
 * one shortcode becomes its value, of whatever type; a shortcode within a text becomes text. What is not there is null.
 */
import type { Json } from '../protocol/server-control.js';
import { AUTOMATIC_CLAIMS } from './templates.js';

/** What shortcodes read, by the names they use. */
export type TemplateContext = Readonly<Record<'user' | 'org' | 'org_membership', JsonObject | null>>;

type JsonObject = Readonly<Record<string, Json>>;

/** Below that, texts are taken as they are. */
const MAX_DEPTH = 32;
const OPEN = '{{';
const CLOSE = '}}';
const PATH = /^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;
const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/;
const QUOTED = /^(?:'([^']*)'|"([^"]*)")$/;
/** Operands of `||`; bars within quotes belong to their text. */
const OPERAND = /'[^']*'|"[^"]*"|\|\||[^|'"]+|[|'"]/g;

/** The template's claims with their shortcodes filled in; those that every token has of its own are left out. */
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

/** What stands behind one `{{`: a shortcode up to `}}`, and plain text. Without `}}` it is plain text whole. */
function fillPart(part: string, context: TemplateContext): string {
  const end = part.indexOf(CLOSE);
  if (end === -1) return OPEN + part;
  return textOf(valueOf(part.slice(0, end), context)) + part.slice(end + CLOSE.length);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The first operand that is neither null nor false; when all are, the last one. */
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

/** Own members only: what every object inherits is nobody's metadata. Lists are not looked into. */
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

/** `__proto__` stays a member like any other. */
function fromEntries(entries: readonly (readonly [string, Json])[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(entries);
}
