/** `limit` and `cursor` over a list that is whole in memory, in the order of creation. */
import { z } from 'zod';
import * as field from '../fields.js';

interface Created {
  readonly id: string;
  readonly createdAtMs: number;
}

interface Page<T> {
  readonly items: readonly T[];
  /** null at the end. */
  readonly nextCursor: string | null;
}

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;
const MAX_CURSOR_LENGTH = 512;

export const limitSchema = field.count(MAX_LIMIT).default(DEFAULT_LIMIT).describe(`${DEFAULT_LIMIT} when absent.`);

/** Names the last item of the previous page, which may be gone by now. */
export const cursorSchema = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})\.[0-9A-Za-z_]{1,64}$/, 'not a cursor of this list')
  .transform((text) => {
    const dot = text.indexOf('.');
    return { createdAtMs: Number(text.slice(0, dot)), id: text.slice(dot + 1) };
  });

/** A cursor of a list that the store pages. It is opaque, and the store refuses a text that is no cursor. */
export const storeCursorSchema = z.string().min(1).max(MAX_CURSOR_LENGTH);

export function pageOf<T extends Created>(all: readonly T[], limit: number, after: Created | undefined): Page<T> {
  const ordered = all.toSorted(compare);
  const rest = after === undefined ? ordered : ordered.filter((item) => compare(item, after) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = last === undefined || rest.length <= limit ? null : `${last.createdAtMs}.${last.id}`;
  return { items, nextCursor };
}

function compare(a: Created, b: Created): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
