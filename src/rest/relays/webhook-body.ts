/** The body for the address that a session names: the session as the surface shows it. */
import type { SessionFacts } from '../../ports/event.js';
import { viewSession, type Nodes } from './relay-session-view.js';

/** An ended session is no longer ready, and no node carries it. */
export function webhookBody(nodes: Nodes, { type, session }: SessionFacts): string {
  const shown = viewSession(nodes, session);
  return JSON.stringify(type === 'session.ended' ? { ...shown, ready: false, linked: false, relay: null } : shown);
}
