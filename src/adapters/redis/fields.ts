/**
 * Building blocks for tables of stored fields. A row gives a field's name in Redis, its text form and its default; a
 * field needs nothing else to be read and written.
 */
import { type z } from 'zod';
import { parseExactJson, writeExactJson } from '../../lib/exact-json.js';
import { asInteger, known } from './replies.js';

/** Converts one field to text and back. The text never contains a raw line break: scripts reply one line per field. */
export interface Codec<T> {
  /** Returns null when nothing is to be written; readers then get the default. */
  encode(value: T): string | null;
  /** Throws for a text that `encode` never returns. */
  decode(text: string): T;
}

export interface Field<T> extends Codec<T> {
  readonly name: string;
  /** The value of an empty or missing field. Without a default, reading throws when the field is missing. */
  readonly byDefault?: T;
}

export type Fields<T> = { readonly [Key in keyof T]: Field<T[Key]> };

export const integer: Codec<number> = { encode: String, decode: asInteger };
export const flag: Codec<boolean> = {
  encode: (value) => (value ? '1' : '0'),
  decode: (text) => known(text === '1' ? true : text === '0' ? false : null, 'a flag'),
};
export interface Encoder<T> {
  readonly key: keyof T;
  readonly name: string;
  readonly encode: (given: Partial<T>) => string | null;
}

/** Call it once per table: looking up each field at each create would cost twice as much. */
export function encodersOf<T>(fields: Fields<T>): readonly Encoder<T>[] {
  const encoders: Encoder<T>[] = [];
  for (const key in fields) {
    const field = fields[key];
    const encode = (given: Partial<T>): string | null => {
      const value = given[key];
      return value === undefined ? null : field.encode(value);
    };
    encoders.push({ key, name: field.name, encode });
  }
  return encoders;
}

/** Reads one text for each field, in the table's order. Ignores further texts. */
export function decodeFieldsBy<T>(fields: Fields<T>, texts: readonly string[]): T {
  const decoded: { -readonly [Key in keyof T]?: T[Key] } = {};
  let at = 0;
  for (const key in fields) {
    const { byDefault } = fields[key];
    const text = texts[at] ?? '';
    decoded[key] = text === '' && byDefault !== undefined ? byDefault : fields[key].decode(text);
    at += 1;
  }
  if (!isWhole(fields, decoded)) throw new TypeError('a field was left out');
  return decoded;
}

function isWhole<T>(fields: Fields<T>, decoded: Partial<T>): decoded is T {
  for (const key in fields) if (!(key in decoded)) return false;
  return true;
}

export function name<T extends string | number>(parse: (text: string) => T | null): Codec<T> {
  return { encode: String, decode: (text) => known(parse(text), 'a name') };
}

export function json<T>(schema: z.ZodType<T>): Codec<T> {
  return { encode: writeExactJson, decode: (text) => schema.parse(parseExactJson(text, 'whole')) };
}

/** Writes null as the empty text. */
export function orEmpty<T>(codec: Codec<T>): Codec<T | null> {
  return { encode: (value) => (value === null ? '' : codec.encode(value)), decode: (text) => codec.decode(text) };
}

/** Writes no field for null. */
export function orNothing<T>(codec: Codec<T>): Codec<T | null> {
  return { encode: (value) => (value === null ? null : codec.encode(value)), decode: (text) => codec.decode(text) };
}
