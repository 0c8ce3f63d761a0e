/** Paging as Edgegap's list shows it, and the cursor we add for deep listings. */
import { z } from 'zod';
import type { SessionPage } from '../../ports/relay-seat.js';
import * as field from '../fields.js';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 512;

/** Far beyond any listing, and small enough for exact row numbers. */
const MAX_PAGE = 1_000_000_000;

export const listQuery = z
  .object({
    page: field.count(MAX_PAGE).optional().describe('From 1.'),
    limit: field.count(MAX_LIMIT).default(DEFAULT_LIMIT).describe(`${DEFAULT_LIMIT} when absent.`),
    cursor: z.string().min(1).max(MAX_CURSOR_LENGTH).optional(),
  })
  .refine((query) => query.page === undefined || query.cursor === undefined, 'either page or cursor, not both');

const pageNumber = z
  .int()
  .min(1)
  .max(MAX_PAGE + 1);

export const paginationSchema = z
  .object({
    number: pageNumber.nullable().describe('null when a cursor was used.'),
    next_page_number: pageNumber.nullable(),
    previous_page_number: pageNumber.nullable(),
    paginator: z.object({ num_pages: pageNumber }),
    has_next: z.boolean(),
    has_previous: z.boolean(),
  })
  .meta({ id: 'Pagination' });

type ListQuery = z.output<typeof listQuery>;

/** A page past the end is empty and has a previous one; an empty listing has one page. */
export function viewPagination(query: ListQuery, found: SessionPage): z.output<typeof paginationSchema> {
  const numPages = Math.max(1, Math.ceil(found.totalCount / query.limit));
  const paginator = { num_pages: numPages };
  if (query.cursor !== undefined) {
    const hasNext = found.nextCursor !== null;
    return {
      number: null,
      next_page_number: null,
      previous_page_number: null,
      paginator,
      has_next: hasNext,
      has_previous: true,
    };
  }
  const number = query.page ?? 1;
  const hasNext = number < numPages;
  return {
    number,
    next_page_number: hasNext ? number + 1 : null,
    previous_page_number: number > 1 ? number - 1 : null,
    paginator,
    has_next: hasNext,
    has_previous: number > 1,
  };
}
