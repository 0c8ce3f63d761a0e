import type { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import { writeExactJson } from '../../lib/exact-json.js';
import type { Full, PageRequest, RecordPage, WriteResult } from '../../ports/directory-store.js';
import { Failure } from '../../protocol/failure.js';
import type { RedisLink } from './link.js';
import { ReadCache } from './read-cache.js';
import { asInteger, asList, asPairs, asText, known, unexpected } from './replies.js';
import type { Scripts } from './script.js';

export interface RecordTableOptions<R, Field extends string> {
  /** Part of the names of operations. */
  readonly name: string;
  /** Records and names; for a listed table also the listing and the position counter. */
  readonly keys: readonly string[];
  /** The arguments of `record-remove.lua` after the names. */
  readonly removedWith: readonly string[];
  readonly schema: z.ZodType<R, string>;
  readonly uniqueFields: readonly Field[];
  readonly uniqueOf: (record: R, field: Field) => string | null;
  /** The feed that gets the events of these records, and its owner. */
  readonly feed: readonly string[];
  /** The event to write when the stored record is not banned yet; null: none. */
  readonly eventOf: (record: R) => string | null;
}

/** Records of the directory, changed by compare-and-set. Besides the id, further fields can be unique. */
export class RecordTable<R extends { readonly version: number }, Field extends string> {
  readonly #read = new ReadCache<R>();

  constructor(
    private readonly link: RedisLink,
    private readonly scripts: Scripts,
    private readonly options: RecordTableOptions<R, Field>,
  ) {}

  async put(id: string, record: R): Promise<WriteResult<Field, R>> {
    const result = await this.putWithin(id, record, null);
    if (result.outcome === 'full') throw unexpected('the outcome of a write');
    return result;
  }

  /** As `put`, unless the record is new and `atMost` others exist; null means no limit. */
  async putWithin(id: string, record: R, atMost: number | null): Promise<WriteResult<Field, R> | Full> {
    const { name, keys, uniqueFields, uniqueOf, feed, eventOf } = this.options;
    const unique = uniqueFields.flatMap((field) => {
      const value = uniqueOf(record, field);
      return [field, value === null ? '' : `=${value}`];
    });
    const args = [id, record.version, writeExactJson(record), atMost ?? '', eventOf(record) ?? '', ...unique];
    const allKeys = [...keys, ...feed];
    const { reply, isRepeat } = await this.link.runOnce(`${name}.put`, this.scripts.recordPut, allKeys, args);
    const [outcome, taken] = asList(reply);
    if (outcome === 'outdated' || outcome === 'full') return { outcome };
    if (outcome === 'written') return { outcome, record: (isRepeat ? await this.get(id) : null) ?? record };
    const field = uniqueFields.find((each) => each === taken);
    if (outcome !== 'taken' || field === undefined) throw unexpected('the outcome of a write');
    return { outcome, field };
  }

  async get(id: string): Promise<R | null> {
    const { name, keys, schema } = this.options;
    const reply = await this.link.read(`${name}.get`, 'HGET', known(keys[0] ?? null, 'a key'), id);
    return reply === null ? null : this.#read.get(id, reply, (text) => schema.parse(text));
  }

  async find(field: Field, value: string): Promise<R | null> {
    const { name, keys, schema } = this.options;
    const args = [`${field}=${value}`];
    const reply = await this.link.run(`${name}.find`, this.scripts.recordFind, keys.slice(0, 2), args);
    return reply === null ? null : schema.parse(asText(reply));
  }

  /** Newest first. */
  async page({ limit, cursor }: PageRequest): Promise<RecordPage<R>> {
    const { name, keys, schema } = this.options;
    const [records = '', , listing = ''] = keys;
    const args = [encodePosition(cursor), limit];
    const found = asPairs(await this.link.run(`${name}.list`, this.scripts.recordList, [records, listing], args));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(([, text]) => schema.parse(text)),
      nextCursor: last === undefined || found.length <= limit ? null : encodeCursor(asInteger(last[0])),
    };
  }

  async all(): Promise<R[]> {
    const { name, keys, schema } = this.options;
    const reply = await this.link.read(`${name}.all`, 'HVALS', known(keys[0] ?? null, 'a key'));
    return asList(reply).map((text) => schema.parse(asText(text)));
  }

  async remove(id: string): Promise<boolean> {
    const { name, keys, removedWith, uniqueFields } = this.options;
    const allKeys = [...keys.slice(0, 2), ...removedWith];
    const reply = await this.link.run(`${name}.remove`, this.scripts.recordRemove, allKeys, [id, ...uniqueFields]);
    return asInteger(reply) === 1;
  }
}

/** The position argument of the list scripts. */
export function encodePosition(cursor: string | undefined): string {
  if (cursor === undefined) return '+inf';
  const position = decodeCursor(cursor);
  if (position === null) throw new Failure('invalid_request', { message: 'The cursor is invalid.' });
  return String(position);
}
