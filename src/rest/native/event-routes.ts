/** Events over REST: pages, pages that wait, and streams of server-sent events. */
import { z } from 'zod';
import type { EventReaders, ReadingRequest } from '../../events/event-readers.js';
import { decodeEventCursor, encodeEventCursor, type EventSource, type EventStart } from '../../events/event-source.js';
import { EVENT_FAMILIES, eventTypesNamed, type EventFilter } from '../../events/event-types.js';
import type { Caller } from '../../identity/api-keys.js';
import { Failure } from '../../protocol/failure.js';
import type { HttpRequest } from '../../ports/http.js';
import type { EventType } from '../../ports/event.js';
import type { LogName } from '../../ports/event-log.js';
import { EVENT_STREAM, prefersEventStream } from '../accept.js';
import { keyAfterScheme, type KeyVerifier } from '../auth.js';
import * as field from '../fields.js';
import { defineRoute, type Route } from '../route.js';
import { eventSchema } from './event-schemas.js';
import { limitSchema } from './paging.js';

export interface EventRoutesDeps {
  readonly readers: Pick<EventReaders, 'read' | 'stream'>;
  /** Asked again and again while a stream is open. */
  readonly keys: KeyVerifier;
}

const MAX_WAIT_S = 30;
const MAX_TYPES_LENGTH = 1024;
const MAX_CURSOR_LENGTH = 64;

const types = z
  .string()
  .min(1)
  .max(MAX_TYPES_LENGTH)
  .transform((text, context): EventFilter => {
    const found = new Set<EventType>();
    for (const name of text.split(',')) {
      const named = eventTypesNamed(name.trim());
      if (named === null) {
        // Repeats nothing but what looks like a type.
        const shown = /^[a-z_]{1,32}\.(?:[a-z_]{1,32}|\*)$/.test(name.trim()) ? ` ${name.trim()}` : '';
        context.addIssue(`there is no type${shown}; the families are ${EVENT_FAMILIES.join(', ')}`);
        return z.NEVER;
      }
      for (const type of named) found.add(type);
    }
    return found;
  })
  .meta({
    description:
      'Only events of these types: a list with commas, of types (`member.joined`) and families (`member.*`). Every type when absent.',
  });

const waitS = field
  .parsed(
    (text) => (/^(?:0|[1-9][0-9]?)$/.test(text) && Number(text) <= MAX_WAIT_S ? Number(text) : null),
    `0 to ${MAX_WAIT_S}`,
  )
  .meta({
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_S,
    description: 'How many seconds the call waits for the first event when there is none; 0 when absent.',
  });

const query = z.object({
  after: z
    .string()
    .max(MAX_CURSOR_LENGTH)
    .optional()
    .describe(
      'Read on after this cursor: `next_after` of an answer, or the `id` of an event of a stream. `newest`: only what comes ' +
        'from now on. When absent, from the oldest event that the log has. In a stream, the header `Last-Event-ID` comes first.',
    ),
  types: types.optional(),
  limit: limitSchema,
  wait_s: waitS.optional(),
});

const pageSchema = z
  .object({
    events: z.array(eventSchema).describe('Oldest first.'),
    next_after: z
      .string()
      .describe('Where to read on: `after` of the next call. It moves also past events that `types` leaves out.'),
  })
  .meta({ id: 'EventPage' });

const responses = { 200: { json: pageSchema, orText: EVENT_STREAM } } as const;
const errors = ['event_cursor_lost', 'too_many_event_readers', 'draining'] as const;

const STREAM_WORDS =
  'With `Accept: text/event-stream` the answer is a stream of server-sent events: `event` is the type, `data` the event, and ' +
  '`id` the cursor after it. It ends after 30 minutes, when its key is removed, and when its node shuts down: connect again ' +
  'with `Last-Event-ID`.';

export function eventRoutes(deps: EventRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'listRelaySessionEvents',
      summary: `The events of a relay session, in order, until an hour after its end. ${STREAM_WORDS}`,
      method: 'GET',
      path: '/v1/relays/sessions/{session_id}/events',
      scope: 'relays',
      params: z.object({ session_id: field.sessionId }),
      notFound: 'session_not_found',
      query,
      responses,
      errors: ['session_not_found', ...errors],
      handle: ({ caller, params: { session_id: sessionId }, query: asked, request }) =>
        answer(deps, { caller, source: { of: 'session', sessionId, scope: caller.sees } }, asked, request),
    }),
    defineRoute({
      name: 'listEvents',
      summary:
        'The events of the project of the key (scopes `relays`, `admin`), merged by time with those of the deployment: user ' +
        'sessions, users of the directory and nodes (scopes `sessions`, `auth`, `admin`). The root key reads everything. ' +
        STREAM_WORDS,
      method: 'GET',
      path: '/v1/events',
      scope: 'any',
      query,
      responses,
      errors,
      handle: ({ caller, query: asked, request }) =>
        answer(deps, { caller, source: { of: 'logs', logs: logsFor(caller) } }, asked, request),
    }),
  ];
}

/** The logs that a key may read: what its scopes let it see by other calls. */
export function logsFor({ sees, scopes }: Pick<Caller, 'sees' | 'scopes'>): readonly LogName[] {
  if (sees === 'all') return [{ of: 'all' }];
  const has = (scope: Caller['scopes'][number]): boolean => scopes.includes(scope) || scopes.includes('admin');
  const logs: LogName[] = [];
  if (has('relays')) logs.push({ of: 'project', projectId: sees });
  if (has('sessions') || has('auth')) logs.push({ of: 'deployment' });
  return logs;
}

async function answer(
  { readers, keys }: EventRoutesDeps,
  { caller, source }: { readonly caller: Caller; readonly source: EventSource },
  { after, types: filter = null, limit, wait_s = 0 }: z.output<typeof query>,
  request: HttpRequest,
) {
  const wantsStream = prefersEventStream(request.headers.get('accept'));
  const asked: ReadingRequest = {
    owner: caller.sees === 'all' ? 'root' : `project ${caller.sees}`,
    query: { source, filter, limit },
    start: startOf(source, after),
  };
  if (!wantsStream) {
    const { events, cursor } = await readers.read(asked, wait_s * 1000, request.patience);
    const body = { events: events.map(({ view }) => view), next_after: encodeEventCursor(cursor) };
    return { status: 200, body } as const;
  }
  const lastId = request.headers.get('last-event-id');
  const start = lastId === undefined || lastId === '' ? asked.start : startOf(source, lastId);
  const key = keyAfterScheme('bearer').read(request);
  const mayRead = async (): Promise<boolean> => key !== null && (await keys.verify(key)) !== null;
  const stream = await readers.stream({ ...asked, start }, mayRead);
  return { status: 200, stream, contentType: EVENT_STREAM, headers: STREAM_HEADERS } as const;
}

/** A proxy that keeps an answer until it is whole would keep a stream for ever. */
const STREAM_HEADERS = { 'X-Accel-Buffering': 'no' };

function startOf(source: EventSource, text: string | undefined): EventStart {
  if (text === undefined) return 'oldest';
  if (text === 'newest') return text;
  const cursor = decodeEventCursor(source, text);
  if (cursor === null) throw new Failure('invalid_request', { message: 'after: not a cursor of these events.' });
  return cursor;
}
