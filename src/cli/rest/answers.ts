/** The answers of the REST API, as far as commands read them. */
import { boolean, json, listOf, number, object, optional, orNull, text, type Shaped } from '../../lib/shape.js';

const keyMembers = { id: text, name: text, scopes: listOf(text), project_id: text, created_at: number };

export const newKey = object({ ...keyMembers, secret: text });
export const keyList = object({
  keys: listOf(object({ ...keyMembers, last_used_at: orNull(number) })),
  next_cursor: orNull(text),
});

export const relaySession = object({
  session_id: text,
  authorization_token: orNull(number),
  status: text,
  error: orNull(text),
  session_users: listOf(object({ ip_address: text, authorization_token: number })),
  relay: orNull(object({ host: text, ports: object({ client: object({ link: text }) }) })),
  webhook_url: orNull(text),
});
export type RelaySession = Shaped<typeof relaySession>;

export const relaySessionList = object({
  sessions: listOf(relaySession),
  total_count: number,
  next_cursor: orNull(text),
});

export const memberList = object({
  members: listOf(
    object({ index: number, user_id: text, role: text, connected: boolean, state: json, joined_at: number }),
  ),
});

export const report = object({ matched: number, closed: number, nodes_acked: number, nodes_timed_out: number });
export type Report = Shaped<typeof report>;

export const relayToken = object({ token: text, expires_at: number });

export const nodeList = object({
  nodes: listOf(
    object({ id: text, state: text, public_url: text, sessions: number, connections: number, version: text }),
  ),
});

const webhookMembers = {
  id: text,
  url: text,
  types: orNull(listOf(text)),
  paused: boolean,
  paused_reason: orNull(text),
};

export const webhook = object(webhookMembers);
export const newWebhook = object({ ...webhookMembers, secret: text });
export type NewWebhook = Shaped<typeof newWebhook>;
export const webhookList = object({
  webhooks: listOf(object({ ...webhookMembers, project_id: orNull(text), created_at: number })),
  next_cursor: orNull(text),
});
export const webhookTest = object({ delivered: boolean, reason: orNull(text), took_ms: number });
export const signingSecret = object({ secret: text });

export const deadLetterList = object({
  dead_letters: listOf(
    object({
      id: text,
      type: text,
      webhook_id: orNull(text),
      url: orNull(text),
      attempts: number,
      reason: text,
      died_at: number,
    }),
  ),
  next_cursor: orNull(text),
});

export const shownEvent = object({ type: text, created_at: number, session_id: optional(text), data: json });
export type ShownEvent = Shaped<typeof shownEvent>;

export const eventPage = object({ events: listOf(shownEvent), next_after: text });
