/** The types that receivers use, compared with what the gateway writes. The compiler checks most of it. */
import { expect, it } from 'vitest';
import type { WebhookDataOf, WebhookEvent, WebhookType } from '../../../src/client/webhook-events.js';
import { EVENT_TYPES } from '../../../src/events/event-types.js';
import type { EventDataOf, EventView } from '../../../src/events/event-view.js';
import type { EventType } from '../../../src/ports/event.js';

/** Compiles only if a receiver may read every event as its types say. */
const asReceived = (event: EventView): WebhookEvent => event;

/** The members that the gateway writes and the types do not have. */
type Undeclared = { [T in EventType]: Exclude<keyof EventDataOf[T], keyof WebhookDataOf[T]> }[EventType];
const hasAllMembers: [Undeclared] extends [never] ? true : false = true;

const TYPES: Readonly<Record<WebhookType, true>> & Readonly<Record<EventType, true>> = {
  'session.ready': true,
  'session.failed': true,
  'session.updated': true,
  'session.ended': true,
  'member.joined': true,
  'member.left': true,
  'member.away': true,
  'member.back': true,
  'host.changed': true,
  'user.authorized': true,
  'user.revoked': true,
  'user.banned': true,
  'user_session.created': true,
  'user_session.touched': true,
  'user_session.ended': true,
  'user_session.removed': true,
  'user_session.revoked': true,
  'user_session.expired': true,
  'node.joined': true,
  'node.drained': true,
  'node.lost': true,
};

it('WC8 the types of a receiver fit what the gateway sends, and have each type and member of it', () => {
  expect(hasAllMembers).toBe(true);
  expect(Object.keys(TYPES).sort()).toEqual([...EVENT_TYPES].sort());
  const head = { id: 'evt_1', sequence: null, created_at: 1 };
  const event = asReceived({ ...head, type: 'node.lost', data: { node_id: 'node_1' } });
  expect(event.type === 'node.lost' && event.data.node_id).toBe('node_1');
  // @ts-expect-error -- the control: the gateway writes no such data
  const wrong: WebhookEvent = { ...head, type: 'node.lost', data: { node: 'node_1' } };
  expect(wrong.type).toBe('node.lost');
});
