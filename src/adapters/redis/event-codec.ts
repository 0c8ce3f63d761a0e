/** Encodes and decodes events. lua/feed.lua says how scripts write them. */
import type {
  AwayReason,
  DepartureReason,
  EventFacts,
  EventRecord,
  NodeFacts,
  SessionEnd,
  UserFacts,
} from '../../ports/event.js';
import type { UserSession } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import { parseNodeId, parseProjectId, parseSessionId, type SessionId } from '../../protocol/ids.js';
import {
  asHost,
  asIndex,
  asIndexOrNull,
  asInteger,
  asText,
  asUserId,
  asUserSessionIdOrNull,
  known,
  unexpected,
} from './replies.js';
import { decodeSnapshot } from './session-codec.js';
import { decodeUserSession } from './user-session-codec.js';

/** An event as the feed has it. */
export interface StoredEvent {
  readonly partition: number;
  /** The id of its entry in the feed. */
  readonly place: string;
  readonly text: string;
}

/** For each event that was read: as what it is stored. So an event goes to other logs without being encoded again. */
const stored = new WeakMap<EventRecord, StoredEvent>();

/** As what an event that `decodeFed` returned is stored. */
export function storedFormOf(event: EventRecord): StoredEvent {
  const found = stored.get(event);
  if (found !== undefined) return found;
  throw new Failure('internal', { cause: new Error('the event does not come from the feed') });
}

/** Rejects a text that no script writes, with the failure `internal`, which names the entry. */
export function decodeFed(entry: StoredEvent): EventRecord {
  const { partition, place, text } = entry;
  const event = readable(`${String(partition)} ${place}`, () => decode(text, { partition, place }));
  stored.set(event, entry);
  return event;
}

/** Reads an event of a session's log. */
export function decodeOwn(id: SessionId, text: unknown): EventRecord {
  return readable(id, () => decode(asText(text), null));
}

/** The facts of an event of a node, as lua/event-append.lua takes them. */
export function encodeNodeFacts({ type, nodeId }: NodeFacts): string {
  return `${type} ${nodeId}`;
}

/** The event that a user of the directory was banned, as lua/record-put.lua takes it. */
export function encodeBan(userId: string): string {
  return `${'user.banned' satisfies UserFacts['type']} ${userId}`;
}

function readable(name: string, read: () => EventRecord): EventRecord {
  try {
    return read();
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

/** `name`: where the event is. The event may contain tokens, so the failure does not show it. */
export function unreadable(name: string, cause?: unknown): Failure {
  return new Failure('internal', { cause: new Error(`the event ${name} is unreadable`, { cause }) });
}

function decode(text: string, at: Pick<StoredEvent, 'partition' | 'place'> | null): EventRecord {
  const end = text.indexOf('\n');
  const [head, body] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
  const [sequence = '', time = '', project = '', session = '', type = '', ...words] = head.split(' ');
  const createdAtMs = asInteger(time);
  if (session === '') {
    const facts = decodeOther(type, words, body);
    if (at === null) throw unexpected('an event of a session');
    const id = `evt_${subjectOf(facts)}_${String(at.partition)}-${at.place}`;
    return { id, sequence: null, createdAtMs, projectId: null, sessionId: null, facts };
  }
  const sessionId = known(parseSessionId(session), 'a session id');
  return {
    // The time tells the events of a session apart whose log Redis has lost and whose numbers begin again.
    id: `evt_${session}_${time}_${sequence}`,
    sequence: asInteger(sequence),
    createdAtMs,
    projectId: known(parseProjectId(project), 'a project id'),
    sessionId,
    facts: decodeOfSession(sessionId, type, words, body),
  };
}

function decodeOfSession(id: SessionId, type: string, words: readonly string[], body: string): EventFacts {
  const [one = '', two = '', three = ''] = words;
  switch (type) {
    case 'session.ready':
    case 'session.failed':
    case 'session.updated':
      return { type, session: decodeSnapshot(id, body) };
    case 'session.ended':
      return { type, why: oneOf(ENDS, one), session: decodeSnapshot(id, body) };
    case 'member.joined':
    case 'member.back':
      return { type, userId: asUserId(one), index: asIndex(two), userSessionId: asUserSessionIdOrNull(three) };
    case 'member.away':
      return { type, why: oneOf(AWAY_REASONS, one), userId: asUserId(two), index: asIndex(three) };
    case 'member.left':
      return { type, why: oneOf(DEPARTURE_REASONS, one), userId: asUserId(two), index: asIndex(three) };
    case 'host.changed':
      return {
        type,
        index: asIndexOrNull(one),
        userId: two === '' ? null : asUserId(two),
        term: asHost(one, three).term,
      };
    case 'user.authorized':
      return { type, userId: asUserId(one), address: two === '' ? null : two, wallet: three === '' ? null : three };
    case 'user.revoked':
    case 'user.banned':
      return { type, userId: asUserId(one) };
    default:
      throw unexpected('an event of a session');
  }
}

function decodeOther(type: string, [subject = '']: readonly string[], body: string): EventFacts {
  switch (type) {
    case 'user_session.created':
    case 'user_session.touched':
    case 'user_session.ended':
    case 'user_session.removed':
    case 'user_session.revoked':
    case 'user_session.expired': {
      return { type, session: withoutSecret(decodeUserSession(body)) };
    }
    case 'user.banned':
      return { type, userId: asUserId(subject) };
    case 'node.joined':
    case 'node.drained':
    case 'node.lost':
      return { type, nodeId: known(parseNodeId(subject), 'a node id') };
    default:
      throw unexpected('an event');
  }
}

function withoutSecret(session: UserSession): Omit<UserSession, 'secretHash'> {
  const { secretHash, ...rest } = session;
  if (secretHash !== null) throw unexpected('a session without its secret');
  return rest;
}

/** Random text that tells the events of this deployment from those of others. At most 27 characters. */
function subjectOf(facts: EventFacts): string {
  const id = 'nodeId' in facts ? facts.nodeId : 'userId' in facts ? facts.userId : '';
  const of = facts.type.startsWith('user_session.') && 'session' in facts ? idOf(facts.session) : id;
  return (of ?? '').replaceAll(/[^A-Za-z0-9]/g, '').slice(-27);
}

function idOf(session: object): string {
  return 'id' in session && typeof session.id === 'string' ? session.id : '';
}

const ENDS: readonly SessionEnd[] = ['ended', 'expired'];
const AWAY_REASONS: readonly AwayReason[] = ['socket_lost', 'home_lost'];
const DEPARTURE_REASONS: readonly DepartureReason[] = ['left', 'timeout', 'kicked', 'revoked', 'ended', 'banned'];

function oneOf<T extends string>(words: readonly T[], word: string): T {
  return known(words.find((each) => each === word) ?? null, 'a reason');
}
