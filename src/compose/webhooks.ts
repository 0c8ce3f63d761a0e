/** Composes webhooks: the endpoints, the planner and the sender. The dispatcher says which partitions are this node's. */
import { createWebhookSigner } from '../adapters/standard-webhooks/signer.js';
import { createSealer } from '../adapters/system/sealer.js';
import { countLosses } from '../events/counted-queue.js';
import { EndpointList } from '../events/endpoint-list.js';
import { Endpoints } from '../events/endpoints.js';
import { createPlanner, type Planner } from '../events/planner.js';
import { WebhookSender } from '../events/sender.js';
import { Webhooks } from '../events/webhooks.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { DeliveryQueue } from '../ports/delivery-queue.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Outbound } from '../ports/outbound.js';
import type { Placement } from '../ports/placement.js';
import type { Store } from '../ports/store.js';
import { webhookBody } from '../rest/relays/webhook-body.js';
import type { Composed } from './service.js';

export interface WebhookGround {
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'tallies' | 'gauge'>;
  readonly store: Pick<Store, 'deliveries' | 'endpoints'>;
  readonly outbound: Outbound;
  readonly secret: string;
  readonly nodes: Pick<Placement, 'find'>;
}

export interface WebhookParts extends Composed {
  readonly endpoints: Endpoints;
  readonly webhooks: Webhooks;
  /** For the dispatcher: what it plans, where it stores the plan, and whom it tells of its partitions. */
  readonly planner: Planner;
  readonly deliveries: DeliveryQueue;
  readonly sender: WebhookSender;
}

export function composeWebhooks(ground: WebhookGround): WebhookParts {
  const { clock, crypto, log, metrics, store, outbound, secret, nodes } = ground;
  const { tallies } = metrics;
  const [signer, sealer] = [createWebhookSigner(secret), createSealer(secret)];
  const list = new EndpointList({ store: store.endpoints, sealer, clock });
  const endpoints = new Endpoints({ store: store.endpoints, list, signer, outbound, sealer, clock, crypto });
  const deliveries = countLosses({ queue: store.deliveries, log, tallies });
  const sender = new WebhookSender({
    queue: deliveries,
    endpoints: list,
    pause: (id, reason) => endpoints.pause(id, reason),
    outbound,
    signer,
    clock,
    log,
    tallies,
    random: Math.random,
  });
  const wake = (partition: number): void => {
    sender.wake(partition);
  };
  exposeWebhooks(metrics, sender, clock);
  return {
    endpoints,
    deliveries,
    sender,
    planner: createPlanner({ endpoints: list, crypto, sessionBody: (facts) => webhookBody(nodes, facts) }),
    webhooks: new Webhooks({ endpoints, queue: deliveries, signer, crypto, clock, outbound, wake }),
    services: [
      {
        name: 'webhooks',
        start: () => {
          sender.start();
        },
        stop: () => sender.stop(),
      },
    ],
  };
}

function exposeWebhooks(metrics: Pick<Metrics, 'gauge'>, sender: WebhookSender, clock: Clock): void {
  metrics.gauge('webhooks_waiting', 'Deliveries of webhooks that wait, in the partitions of this node.', () => {
    return sender.counts().waiting;
  });
  metrics.gauge('webhooks_lag_seconds', 'How long the oldest of them has waited.', () => {
    const { oldestAtMs } = sender.counts();
    return oldestAtMs === null ? 0 : Math.max(0, clock.nowMs() - oldestAtMs) / 1000;
  });
  metrics.gauge('webhooks_in_flight', 'Attempts of this node that are under way.', () => sender.counts().inFlight);
  metrics.gauge('webhook_targets_failing', 'Targets whose last attempt by this node failed.', () => {
    return sender.counts().failingTargets;
  });
  metrics.gauge('webhook_dead_letters', 'Dead letters in the partitions of this node.', () => sender.counts().dead);
}
