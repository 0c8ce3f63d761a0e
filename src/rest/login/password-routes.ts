/** Forgotten passwords and changes of passwords: `/password/...`. */
import { z } from 'zod';
import type { PasswordChange, PasswordChanges } from '../../identity/password-changes.js';
import type { PasswordResets } from '../../identity/password-resets.js';
import { resetTemplateNamed } from '../../identity/reset-mail.js';
import { parseDirectoryUserId } from '../../protocol/ids.js';
import { parsed } from '../fields.js';
import { defineGuardedRoute, defineOpenRoute, type Route } from '../route.js';
import * as field from './login-fields.js';
import { callerGuard, type GuardDeps } from './guard.js';

export interface PasswordRoutesDeps extends GuardDeps {
  readonly resets: Pick<PasswordResets, 'request' | 'confirm'>;
  readonly changes: Pick<PasswordChanges, 'change'>;
}

const doneSchema = z.object({ done: z.literal(true) }).meta({ id: 'Done' });
const DONE = { done: true } as const;

const name = z.string().min(1).max(256).optional();
const resetBody = z
  .object({
    userId: name,
    username: name,
    email: name,
    phone: name,
    mobile: name,
    template: z.string().max(128).optional().describe('`default` or `welcome`; any other name means `default`.'),
    resetUrl: z
      .string()
      .min(1)
      .max(2048)
      .describe('The page that the mail links to, with the token as query parameter `token`.'),
  })
  .refine(
    ({ userId, username, email, phone, mobile }) =>
      [userId, username, email, phone, mobile].some((given) => given !== undefined),
    { message: 'one of userId, username, email, phone and mobile is required' },
  );

const changeBody = z
  .object({
    oldPasswordHash: field.sentPassword.optional(),
    adminPasswordHash: field.sentPassword.optional().describe('The password of the calling admin.'),
    newPasswordHash: field.newPassword,
  })
  .refine((body) => (body.oldPasswordHash === undefined) !== (body.adminPasswordHash === undefined), {
    message: 'oldPasswordHash or adminPasswordHash is required',
  });

export function passwordRoutes(deps: PasswordRoutesDeps): readonly Route[] {
  return [requestReset(deps), confirmReset(deps), changePassword(deps)];
}

function requestReset({ resets }: PasswordRoutesDeps): Route {
  return defineOpenRoute({
    name: 'requestPasswordReset',
    summary: 'Mail a reset link to the user that all given names fit. The answer is the same when there is none.',
    method: 'POST',
    path: '/password/reset',
    refusedWhileDraining: true,
    body: resetBody,
    bodyForm: 'form',
    responses: { 200: doneSchema },
    errors: ['reset_url_not_allowed', 'too_many_requests', 'store_unavailable'],
    async handle({ body: { template, resetUrl, ...names }, request }) {
      await resets.request({
        names,
        resetUrl,
        template: resetTemplateNamed(template),
        address: request.remoteAddress,
      });
      return { status: 200, body: DONE };
    },
  });
}

function confirmReset({ resets }: PasswordRoutesDeps): Route {
  return defineOpenRoute({
    name: 'confirmPasswordReset',
    summary: 'Set a new password with the token from a reset mail, which works once. All sessions of the user end.',
    method: 'POST',
    path: '/password/reset/confirm',
    body: z.object({ token: z.string().min(1).max(256), username: field.username, newPasswordHash: field.newPassword }),
    bodyForm: 'form',
    responses: { 200: doneSchema },
    errors: ['reset_token_invalid', 'too_many_requests', 'store_unavailable'],
    async handle({ body: { token, username, newPasswordHash }, request }) {
      await resets.confirm({ token, username, newPassword: newPasswordHash, address: request.remoteAddress });
      return { status: 200, body: DONE };
    },
  });
}

function changePassword({ changes, ...guardDeps }: PasswordRoutesDeps): Route {
  return defineGuardedRoute({
    name: 'changePassword',
    summary:
      'Change a password with the old one, or as an admin with the admin’s own. The other sessions of the user end.',
    method: 'PUT',
    path: '/password/{userId}',
    ...callerGuard(guardDeps),
    params: z.object({ userId: parsed(parseDirectoryUserId, 'not a user id') }),
    notFound: 'password_mismatch',
    body: changeBody,
    bodyForm: 'form',
    responses: { 200: doneSchema },
    errors: ['login_session_invalid', 'password_mismatch', 'too_many_requests', 'changed_meanwhile'],
    async handle({ guest: { caller }, params: { userId }, body, request }) {
      const { newPasswordHash: newPassword } = body;
      await changes.change(caller, { userId, newPassword, proof: proofOf(body), address: request.remoteAddress });
      return { status: 200, body: DONE };
    },
  });
}

function proofOf({ oldPasswordHash, adminPasswordHash }: z.output<typeof changeBody>): PasswordChange['proof'] {
  if (oldPasswordHash !== undefined) return { kind: 'old', password: oldPasswordHash };
  return { kind: 'admin', password: adminPasswordHash ?? '' };
}
