/** The part of a delivery that Redis keeps beside its body and its state. */
import { z } from 'zod';
import { parseEndpointId, parseProjectId } from '../../protocol/ids.js';
import type { DeliveryTarget, NewDelivery } from '../../ports/delivery-queue.js';
import type { EventType } from '../../ports/event.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import { known } from './replies.js';

const recordSchema = z.object({
  eventId: z.string(),
  eventType: z.custom<EventType>((value) => typeof value === 'string'),
  owner: z.string(),
  target: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('endpoint'), endpointId: z.string() }),
    z.object({ kind: z.literal('session'), projectId: z.string(), url: z.string() }),
  ]),
  targetKey: z.string(),
  lane: z.string().nullable(),
  createdAtMs: z.number(),
});

export function writeDeliveryRecord(delivery: NewDelivery): string {
  const { eventId, eventType, owner, target, targetKey, lane, createdAtMs } = delivery;
  return JSON.stringify({ eventId, eventType, owner, target, targetKey, lane, createdAtMs });
}

export function parseDeliveryRecord(id: string, text: string): Omit<NewDelivery, 'body'> {
  const { owner, target, ...record } = recordSchema.parse(JSON.parse(text));
  return { id, ...record, owner: parseOwner(owner), target: parseTarget(target) };
}

function parseOwner(text: string): ProjectScope {
  return text === 'all' ? text : known(parseProjectId(text), 'a project id');
}

function parseTarget(target: z.output<typeof recordSchema>['target']): DeliveryTarget {
  if (target.kind === 'endpoint') {
    return { kind: target.kind, endpointId: known(parseEndpointId(target.endpointId), 'an endpoint id') };
  }
  return { kind: target.kind, projectId: known(parseProjectId(target.projectId), 'a project id'), url: target.url };
}
