/** The sessions of a device: shown, touched, ended, removed. */
import { z } from 'zod';
import { TOUCH_INTENTS, type DeviceSessions } from '../../identity/device-sessions.js';
import { defineGuardedRoute, type Route } from '../route.js';
import type { DeviceAnswers } from './device-answers.js';
import type { DeviceCallers } from './device-callers.js';
import { sessionAnswerSchema } from './device-view.js';

export interface DeviceSessionRoutesDeps {
  readonly sessions: DeviceSessions;
  readonly callers: DeviceCallers;
  readonly answers: DeviceAnswers;
}

const MAX_ID_LENGTH = 128;

/** A text that is no id names no session: it is answered like an unknown id. */
export const sessionParams = z.object({ id: z.string() });

/** An organization by id or slug; empty or null for none. */
export const organizationText = z
  .string()
  .max(MAX_ID_LENGTH)
  .nullable()
  .transform((text) => text ?? '')
  .optional()
  .meta({ type: 'string', description: 'An organization by id or slug; empty for none.' });

/** Every call of a device can fail with these. */
export const DEVICE_ERRORS = [
  'authentication_invalid',
  'origin_authorization_headers_conflict',
  'origin_not_allowed',
] as const;

const touchBody = z.object({
  active_organization_id: organizationText,
  intent: z
    .enum(TOUCH_INTENTS)
    .optional()
    .describe('Why the client touches the session; the gateway writes it to its log.'),
});

export function deviceSessionRoutes(deps: DeviceSessionRoutesDeps): readonly Route[] {
  return [getSession(deps), touchSession(deps), endSession(deps), removeSession(deps)];
}

function getSession({ sessions, callers, answers }: DeviceSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'getClientSession',
    summary: 'Get a session of the client, active or ended.',
    method: 'GET',
    path: '/v1/client/sessions/{id}',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: false }),
    params: sessionParams,
    responses: { 200: sessionAnswerSchema },
    errors: [...DEVICE_ERRORS, 'resource_not_found'],
    async handle({ guest: { device }, params }) {
      const session = sessions.listed(device, params.id);
      return { status: 200, body: await answers.session({ session, device }) };
    },
  });
}

function touchSession({ sessions, callers, answers }: DeviceSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'touchClientSession',
    summary:
      'Make a session the active one of the client, record its activity, set its organization and get a fresh token.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/touch',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    params: sessionParams,
    body: touchBody,
    bodyForm: 'form',
    responses: { 200: sessionAnswerSchema },
    errors: [
      ...DEVICE_ERRORS,
      'resource_not_found',
      'action_for_session_not_authorized',
      'invalid_action_for_session',
      'signed_out',
      'user_banned',
      'organization_not_found_or_unauthorized',
    ],
    async handle({ guest: { device, origin }, params, body }) {
      const how = { organization: body.active_organization_id, intent: body.intent, origin };
      const touched = await sessions.touch(device, params.id, how);
      return { status: 200, body: await answers.session(touched, touched.token) };
    },
  });
}

function endSession({ sessions, callers, answers }: DeviceSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'endClientSession',
    summary: 'End a session of the client. It stays listed; its sockets close with 4007.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/end',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    params: sessionParams,
    responses: { 200: sessionAnswerSchema },
    errors: [...DEVICE_ERRORS, 'resource_not_found', 'invalid_action_for_session'],
    async handle({ guest: { device }, params }) {
      return { status: 200, body: await answers.session(await sessions.end(device, params.id)) };
    },
  });
}

function removeSession({ sessions, callers, answers }: DeviceSessionRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'removeClientSession',
    summary: 'Remove a session, active or ended, from the client. Its sockets close with 4007.',
    method: 'POST',
    path: '/v1/client/sessions/{id}/remove',
    guardName: 'client',
    guard: ({ request }) => callers.device(request, { changes: true }),
    params: sessionParams,
    responses: { 200: sessionAnswerSchema },
    errors: [...DEVICE_ERRORS, 'resource_not_found', 'invalid_action_for_session'],
    async handle({ guest: { device }, params }) {
      return { status: 200, body: await answers.session(await sessions.remove(device, params.id)) };
    },
  });
}
