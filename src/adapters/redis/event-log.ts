import type { EventRecord, NodeFacts } from '../../ports/event.js';
import {
  EVENT_KEPT_MS,
  MAX_SESSION_EVENTS,
  SESSION_EVENTS_KEPT_MS,
  type EventLog,
  type EventPage,
  type LogEntry,
  type LogName,
} from '../../ports/event-log.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import type { SessionId } from '../../protocol/ids.js';
import { decodeFed, decodeOwn, encodeNodeFacts, unreadable } from './event-codec.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asText } from './replies.js';
import type { Scripts } from './script.js';

/**
 * A page ends with the event that reaches so many bytes. One event may hold a session with thousands of seats; a script
 * that answers with a thousand such events would hold up Redis, and no reply of that size arrives in time.
 */
export const PAGE_BYTES = 1024 * 1024;

/** The event logs in Redis: lists beside the sessions, and streams in one slot for projects and the deployment. */
export class RedisEventLog implements EventLog {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
  }

  async ofSession(id: SessionId, scope: ProjectScope, after: number, limit: number): Promise<EventPage | null> {
    const [fields = ''] = this.#keys.session(id);
    const [log = ''] = this.#keys.sessionEvents(id);
    const bounds = [MAX_SESSION_EVENTS, EVENT_KEPT_MS, SESSION_EVENTS_KEPT_MS, PAGE_BYTES];
    const args = [scope === 'all' ? '' : scope, after, limit, ...bounds];
    const reply = await this.#link.run('events.of_session', this.#scripts.eventsOfSession, [fields, log], args);
    if (reply === null) return null;
    if (reply === 'unreadable') throw unreadable(id);
    const [newest, oldest, ...texts] = asList(reply);
    const events = texts.map((text) => decodeOwn(id, text));
    return pageOf({ newest, oldest, after }, () => events.map((event, at) => ({ position: after + 1 + at, event })));
  }

  async of(log: LogName, after: number, limit: number): Promise<EventPage> {
    const name = nameOf(log);
    const keys = [this.#keys.logs, this.#keys.log(name)];
    const args = [name, after, limit, EVENT_KEPT_MS, PAGE_BYTES];
    const [newest, oldest, ...rest] = asList(
      await this.#link.run('events.of_log', this.#scripts.eventsOfLog, keys, args),
    );
    return pageOf({ newest, oldest, after }, () => entriesOf(rest));
  }

  async newest(logs: readonly LogName[]): Promise<readonly number[]> {
    if (logs.length === 0) return [];
    const reply = await this.#link.read('events.newest', 'HMGET', this.#keys.logs, ...logs.map(nameOf));
    return asList(reply).map((newest) => (newest === null ? 0 : asInteger(newest)));
  }

  async append(facts: NodeFacts): Promise<void> {
    const args = [encodeNodeFacts(facts)];
    await this.#link.run('events.append', this.#scripts.eventAppend, this.#keys.directoryFeed, args);
  }
}

/** The name of a log in Redis: of its key, and of its newest position. */
export function nameOf(log: LogName): string {
  return log.of === 'project' ? `project:${log.projectId}` : log.of;
}

/** The names of the logs that get the event besides its session's. */
export function logsOf({ projectId }: EventRecord): readonly [string, string] {
  return [nameOf(projectId === null ? { of: 'deployment' } : { of: 'project', projectId }), nameOf({ of: 'all' })];
}

interface Reach {
  readonly newest: unknown;
  readonly oldest: unknown;
  readonly after: number;
}

function pageOf(reach: Reach, entries: () => readonly LogEntry[]): EventPage {
  const [newest, oldest] = [asInteger(reach.newest), asInteger(reach.oldest)];
  if (reach.after > newest || reach.after < oldest - 1) return { outcome: 'cursor_lost', oldest, newest };
  return { outcome: 'read', entries: entries(), newest };
}

/** Reads position, partition, place in the feed and text of each event. */
function entriesOf(reply: readonly unknown[]): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  for (let at = 0; at < reply.length; at += 4) {
    const [position, partition, place, text] = reply.slice(at, at + 4);
    const event = decodeFed({ partition: asInteger(partition), place: asText(place), text: asText(text) });
    entries.push({ position: asInteger(position), event });
  }
  return entries;
}
