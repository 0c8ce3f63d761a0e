/** The types of events, and the filters that callers name them by. */
import type { EventType } from '../ports/event.js';

const BY_FAMILY = {
  session: ['session.ready', 'session.failed', 'session.updated', 'session.ended'],
  member: ['member.joined', 'member.left', 'member.away', 'member.back'],
  host: ['host.changed'],
  user: ['user.authorized', 'user.revoked', 'user.banned'],
  user_session: [
    'user_session.created',
    'user_session.touched',
    'user_session.ended',
    'user_session.removed',
    'user_session.revoked',
    'user_session.expired',
  ],
  node: ['node.joined', 'node.drained', 'node.lost'],
} as const satisfies Readonly<Record<string, readonly EventType[]>>;

type ListedType = (typeof BY_FAMILY)[keyof typeof BY_FAMILY][number];

/** Every type once. It does not compile when one of the port is missing. */
export const EVENT_TYPES: readonly EventType[] = Object.values(
  BY_FAMILY,
).flat() satisfies readonly (EventType extends ListedType ? EventType : never)[];

export const EVENT_FAMILIES: readonly string[] = Object.keys(BY_FAMILY);

/** Events that belong to no project: only endpoints of the root key get them. */
const WITHOUT_PROJECT: readonly EventType[] = [...BY_FAMILY.user_session, ...BY_FAMILY.node];

/** Whether the text names types that a project never gets. */
export function isWithoutProject(name: string): boolean {
  return eventTypesNamed(name)?.every((type) => WITHOUT_PROJECT.includes(type)) ?? false;
}

/** null: every type. */
export type EventFilter = ReadonlySet<EventType> | null;

/** The types that the text names: a type, or a family such as `member.*`. null: there is none of that name. */
export function eventTypesNamed(name: string): readonly EventType[] | null {
  if (name.endsWith('.*')) {
    const family = name.slice(0, -2);
    return Object.hasOwn(BY_FAMILY, family) ? EVENT_TYPES.filter((type) => type.startsWith(`${family}.`)) : null;
  }
  const known = EVENT_TYPES.find((type) => type === name);
  return known === undefined ? null : [known];
}

export function passes(filter: EventFilter, type: EventType): boolean {
  return filter === null || filter.has(type);
}
