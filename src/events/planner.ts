/** Which deliveries an event needs: to the address that its session names, and to the endpoints that ask for its type. */
import { writeExactJson } from '../lib/exact-json.js';
import type { Crypto } from '../ports/crypto.js';
import type { DeliveryTarget, NewDelivery } from '../ports/delivery-queue.js';
import type { EventRecord, SessionFacts, UserSessionFacts } from '../ports/event.js';
import type { EndpointId, ProjectId } from '../protocol/ids.js';
import type { EndpointList } from './endpoint-list.js';
import { viewEvent } from './event-view.js';

export interface PlannerDeps {
  readonly endpoints: Pick<EndpointList, 'renew' | 'wanting'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** The body for the address that a session names. */
  readonly sessionBody: (facts: SessionFacts) => string;
}

export interface Planner {
  /** In the order of the events. Rejects with `store_unavailable`. */
  plan(events: readonly EventRecord[]): Promise<readonly NewDelivery[]>;
}

export function createPlanner(deps: PlannerDeps): Planner {
  return {
    plan: async (events) => {
      // An event may be younger than an endpoint that another node registered a moment ago.
      await deps.endpoints.renew();
      return (await Promise.all(events.map((event) => deliveriesOf(event, deps)))).flat();
    },
  };
}

async function deliveriesOf(event: EventRecord, deps: PlannerDeps): Promise<readonly NewDelivery[]> {
  const endpoints = await deps.endpoints.wanting(event.projectId, event.facts.type);
  const body = endpoints.length === 0 ? '' : writeExactJson(viewEvent(event));
  const toEndpoints = endpoints.map(({ id, owner }) => {
    const target = { kind: 'endpoint', endpointId: id } as const;
    return newDelivery(event, { owner, target, targetKey: endpointKey(id), body });
  });
  return [...toSessionUrl(event, deps), ...toEndpoints];
}

function toSessionUrl(event: EventRecord, { crypto, sessionBody }: PlannerDeps): readonly NewDelivery[] {
  const { facts, projectId } = event;
  if (projectId === null || !isSessionFacts(facts) || facts.type === 'session.updated') return [];
  const url = facts.session.session.webhookUrl;
  if (url === null) return [];
  const target = { kind: 'session', projectId, url } as const;
  const targetKey = sessionUrlKey(crypto, projectId, url);
  return [newDelivery(event, { owner: projectId, target, targetKey, body: sessionBody(facts) })];
}

function newDelivery(
  event: EventRecord,
  to: Pick<NewDelivery, 'owner' | 'targetKey' | 'body'> & { readonly target: DeliveryTarget },
): NewDelivery {
  const { id: eventId, createdAtMs, facts } = event;
  return {
    id: `${eventId}.${to.targetKey}`,
    eventId,
    eventType: facts.type,
    owner: to.owner,
    target: to.target,
    targetKey: to.targetKey,
    lane: laneOf(event),
    body: to.body,
    createdAtMs,
  };
}

/** The events of one relay session, or of one user session, stay in order. */
function laneOf({ sessionId, facts }: EventRecord): string | null {
  if (sessionId !== null) return sessionId;
  return isUserSessionFacts(facts) ? facts.session.id : null;
}

/** Whether the delivery of this id goes to the target. */
export function isDeliveryTo(deliveryId: string, targetKey: string): boolean {
  return deliveryId.endsWith(`.${targetKey}`);
}

/** Endpoint ids are words already. */
export function endpointKey(id: EndpointId): string {
  return id;
}

/**
 * All addresses on one host are one target of a project, so that a host that hangs takes few places, also when each
 * session names its own path. The same host of two projects is two targets: each project has its own secret.
 */
function sessionUrlKey(crypto: Pick<Crypto, 'sha256'>, projectId: ProjectId, url: string): string {
  const host = URL.canParse(url) ? new URL(url).host : url;
  return `url_${crypto.sha256(`${projectId} ${host}`)}`;
}

function isSessionFacts(facts: EventRecord['facts']): facts is SessionFacts {
  return facts.type.startsWith('session.');
}

function isUserSessionFacts(facts: EventRecord['facts']): facts is UserSessionFacts {
  return facts.type.startsWith('user_session.');
}
