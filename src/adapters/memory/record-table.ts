import { decodeCursor, encodeCursor } from '../../lib/cursor.js';
import { deepFreeze } from '../../lib/deep-freeze.js';
import type { Full, PageRequest, RecordPage, WriteResult } from '../../ports/directory-store.js';
import { Failure } from '../../protocol/failure.js';

interface Row<R> {
  readonly record: R;
  /** Rises with each created record; lists are ordered by it. */
  readonly position: number;
}

/** Records by id, changed by compare-and-set, with further unique fields. */
export class RecordTable<Id, R extends { readonly version: number }, Field extends string> {
  readonly #uniqueOf: (record: R) => readonly (readonly [Field, string | null])[];
  /** Ordered by creation. */
  readonly #rows = new Map<Id, Row<R>>();
  readonly #owners = new Map<string, Id>();
  #position = 0;

  constructor(uniqueOf: (record: R) => readonly (readonly [Field, string | null])[]) {
    this.#uniqueOf = uniqueOf;
  }

  put(id: Id, record: R): WriteResult<Field, R> {
    const before = this.#rows.get(id);
    if (record.version !== (before?.record.version ?? 0) + 1) return { outcome: 'outdated' };
    for (const [field, value] of this.#uniqueOf(record)) {
      const owner = value === null ? undefined : this.#owners.get(keyOf(field, value));
      if (owner !== undefined && owner !== id) return { outcome: 'taken', field };
    }
    if (before === undefined) this.#position += 1;
    else this.#giveUp(before.record);
    for (const [field, value] of this.#uniqueOf(record)) if (value !== null) this.#owners.set(keyOf(field, value), id);
    this.#rows.set(id, {
      record: deepFreeze(structuredClone(record)),
      position: before?.position ?? this.#position,
    });
    return { outcome: 'written', record };
  }

  /** As `put`, unless the record is new and `atMost` others exist. */
  putWithin(id: Id, record: R, atMost: number): WriteResult<Field, R> | Full {
    return !this.#rows.has(id) && this.#rows.size >= atMost ? { outcome: 'full' } : this.put(id, record);
  }

  get(id: Id): R | null {
    return this.#rows.get(id)?.record ?? null;
  }

  find(field: Field, value: string): R | null {
    const owner = this.#owners.get(keyOf(field, value));
    return owner === undefined ? null : this.get(owner);
  }

  /** Newest first. */
  page({ limit, cursor }: PageRequest): RecordPage<R> {
    const before = cursor === undefined ? Infinity : decodeCursor(cursor);
    if (before === null) throw new Failure('invalid_request', { message: 'The cursor is invalid.' });
    const rest = [...this.#rows.values()].filter(({ position }) => position < before).reverse();
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ record }) => record),
      nextCursor: last === undefined || rest.length <= limit ? null : encodeCursor(last.position),
    };
  }

  all(): R[] {
    return [...this.#rows.values()].map(({ record }) => record);
  }

  remove(id: Id): boolean {
    const row = this.#rows.get(id);
    if (row === undefined) return false;
    this.#giveUp(row.record);
    return this.#rows.delete(id);
  }

  #giveUp(record: R): void {
    for (const [field, value] of this.#uniqueOf(record)) if (value !== null) this.#owners.delete(keyOf(field, value));
  }
}

function keyOf(field: string, value: string): string {
  return `${field}=${value}`;
}
