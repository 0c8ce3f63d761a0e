/** Calls of operators and their tools about a node: the front page, liveness, readiness, metrics and the OpenAPI document. */
import { z } from 'zod';
import { Failure } from '../../protocol/failure.js';
import type { Metrics } from '../../ports/metrics.js';
import type { StoreHealth } from '../../ports/store.js';
import { defineOpenRoute, type Route } from '../route.js';
import { frontPageRoute, type FrontPageDeps } from './front-page.js';

export interface ServiceRoutesDeps extends FrontPageDeps {
  readonly metrics: Pick<Metrics, 'expose'>;
  /** Whether the store can be asked now; sends no command. */
  readonly health: () => StoreHealth;
  readonly draining: () => boolean;
  /** Returns the OpenAPI document as text. Handlers call it; it is complete once the routes are. */
  readonly openapi: () => string;
}

export function serviceRoutes(deps: ServiceRoutesDeps): readonly Route[] {
  return [frontPageRoute(deps), healthz(), readyz(deps), metricsText(deps), openapiText(deps)];
}

/** Liveness never depends on the store: a restart would not bring it back. */
function healthz(): Route {
  return defineOpenRoute({
    name: 'healthz',
    summary: 'Check that the process is alive.',
    method: 'GET',
    path: '/healthz',
    responses: { 200: z.object({ status: z.literal('ok') }) },
    handle: () => Promise.resolve({ status: 200, body: { status: 'ok' } } as const),
  });
}

function readyz({ health, draining }: ServiceRoutesDeps): Route {
  return defineOpenRoute({
    name: 'readyz',
    summary: 'Check that this node is ready: it is not shutting down and its store answers.',
    method: 'GET',
    path: '/readyz',
    responses: { 200: z.object({ status: z.literal('ready') }) },
    errors: ['draining', 'store_unavailable'],
    handle: () => {
      if (draining()) return Promise.reject(new Failure('draining'));
      const store = health();
      if (!store.ok) {
        const message = `The state store cannot be used (${store.reason}).`;
        return Promise.reject(new Failure('store_unavailable', { message }));
      }
      return Promise.resolve({ status: 200, body: { status: 'ready' } } as const);
    },
  });
}

function metricsText({ metrics }: ServiceRoutesDeps): Route {
  return defineOpenRoute({
    name: 'metrics',
    summary: 'Get the metrics in the Prometheus text format.',
    method: 'GET',
    path: '/metrics',
    responses: { 200: { contentType: 'text/plain' } },
    async handle() {
      const { contentType, text } = await metrics.expose();
      return { status: 200, text, contentType };
    },
  });
}

function openapiText({ openapi }: ServiceRoutesDeps): Route {
  return defineOpenRoute({
    name: 'openapi',
    summary: 'Get this API as an OpenAPI 3.1 document.',
    method: 'GET',
    path: '/openapi.json',
    responses: { 200: { contentType: 'application/json' } },
    handle: () => Promise.resolve({ status: 200, text: openapi(), contentType: 'application/json' } as const),
  });
}
