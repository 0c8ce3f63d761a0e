/** The native management surface: keys, the directory, user sessions, tickets, the service itself. */
import { freshName } from '../directory.js';
import { eventually } from '../eventually.js';
import { startTarget, status } from '../webhook-target.js';
import type { Journal } from './journal.js';
import { newPassword } from './journal.js';

/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:59999/hook';

export async function walkNative(journal: Journal): Promise<void> {
  await keys(journal);
  const { id } = await journal.newUser();
  await users(journal, id);
  await organizations(journal, id);
  await templates(journal);
  await webhooks(journal);
  await userSessions(journal, id);
  await journal.native('DELETE', `/v1/users/${id}`);
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/.well-known/jwks.json'])
    await journal.done('GET', path);
  await journal.native('GET', '/v1/nodes');
  await journal.native('GET', '/v1/events?limit=1000');
  await journal.native('GET', `/v1/presence/users/${id}`);
  await journal.native('POST', '/v1/presence/users:batch-get', { user_ids: [id] });
}

export async function walkDrain(journal: Journal): Promise<void> {
  const { body } = await journal.native('GET', '/v1/nodes');
  for (const { id } of (body as { nodes: { id: string }[] }).nodes) {
    await journal.native('POST', `/v1/nodes/${id}/drain`);
  }
}

async function keys(journal: Journal): Promise<void> {
  const { body } = await journal.native('POST', '/v1/keys', { name: 'short-lived', scopes: ['admin', 'relays'] });
  const { id, secret } = body as { id: string; secret: string };
  const backend = journal.backend(journal.keep('removed API key', secret));
  await backend.native('GET', '/v1/users');
  await backend.native('POST', '/v1/keys', { name: 'more', scopes: ['sessions'] });
  await backend.native('POST', '/v1/keys', { name: secret, scopes: [secret], [secret]: secret });
  await journal.native('GET', '/v1/keys');
  await journal.native('DELETE', `/v1/keys/${id}`);
  await backend.native('GET', '/v1/users');
}

async function users(journal: Journal, id: string): Promise<void> {
  const { root } = journal;
  const username = freshName();
  await journal.native('GET', '/v1/users?limit=1');
  await journal.native('GET', `/v1/users/${id}`);
  await journal.native('PATCH', `/v1/users/${id}`, { username, password: journal.keep('password', newPassword('q')) });
  await root.native('POST', '/v1/users', { username, password: journal.keep('refused password', newPassword('r')) });
  await root.native('POST', '/v1/users', { password: 7, [journal.sample('password')]: journal.sample('password') });
  await root.native('PATCH', `/v1/users/${id}`, { passwrod: journal.sample('password') });
  await root.native('PATCH', `/v1/users/${id}`, { password: journal.sample('password').repeat(200) });
  await journal.native('POST', `/v1/users/${id}/ban`);
  await root.native('POST', '/v1/sign_in_tokens', { user_id: id });
  await journal.native('POST', `/v1/users/${id}/unban`);
}

async function organizations(journal: Journal, user_id: string): Promise<void> {
  const { body } = await journal.native('POST', '/v1/organizations', { name: freshName() });
  const path = `/v1/organizations/${(body as { id: string }).id}`;
  await journal.native('GET', '/v1/organizations');
  await journal.native('GET', path);
  await journal.native('PATCH', path, { name: freshName() });
  await journal.native('POST', `${path}/memberships`, { user_id });
  await journal.native('GET', `${path}/memberships`);
  await journal.native('PATCH', `${path}/memberships/${user_id}`, { role: 'admin' });
  await journal.native('DELETE', `${path}/memberships/${user_id}`);
  await journal.native('DELETE', path);
}

async function templates(journal: Journal): Promise<void> {
  const name = freshName();
  await journal.native('POST', '/v1/jwt_templates', { name, claims: { mail: '{{user.email}}' } });
  await journal.native('GET', '/v1/jwt_templates');
  await journal.native('GET', `/v1/jwt_templates/${name}`);
  await journal.native('PATCH', `/v1/jwt_templates/${name}`, { lifetime: 60 });
  await journal.native('DELETE', `/v1/jwt_templates/${name}`);
}

async function webhooks(journal: Journal): Promise<void> {
  const secretOf = (body: unknown): string => (body as { secret: string }).secret;
  const { body } = await journal.native('POST', '/v1/webhooks', { url: NOBODY, types: ['member.*'] });
  const path = `/v1/webhooks/${(body as { id: string }).id}`;
  journal.keep('webhook secret', secretOf(body));
  await journal.native('GET', '/v1/webhooks');
  await journal.native('GET', path);
  await journal.native('PATCH', path, { paused: true });
  journal.keep('rotated webhook secret', secretOf((await journal.native('POST', `${path}/rotate`)).body));
  await journal.native('POST', `${path}/test`);
  journal.keep('signing secret', secretOf((await journal.native('GET', '/v1/webhooks/signing_secret')).body));
  await journal.native('GET', '/v1/webhooks/dead_letters');
  await journal.native('GET', `${path}/dead_letters`);
  await journal.native('DELETE', path);
  await deadLetters(journal);
}

/** A target that wants no more makes a dead letter at once. */
async function deadLetters(journal: Journal): Promise<void> {
  const target = await startTarget(() => performance.now(), status(410));
  try {
    for (const under of ['', '{id}/']) {
      const { body } = await journal.native('POST', '/v1/webhooks', { url: target.url, types: ['session.ready'] });
      const { id } = body as { id: string };
      await journal.root.createSession();
      const letter = await deadLetterOf(journal, id);
      await journal.native('POST', `/v1/webhooks/${under.replace('{id}', id)}dead_letters/${letter}/resend`);
      await journal.native('DELETE', `/v1/webhooks/${id}`);
    }
  } finally {
    await target.stop();
  }
}

async function deadLetterOf(journal: Journal, endpointId: string): Promise<string> {
  let letter = '';
  await eventually(async () => {
    const { body } = await journal.root.native('GET', `/v1/webhooks/${endpointId}/dead_letters`);
    letter = (body as { dead_letters: readonly { id: string }[] }).dead_letters[0]?.id ?? '';
    return letter === '' ? 'no dead letter yet' : null;
  });
  return letter;
}

async function userSessions(journal: Journal, user_id: string): Promise<void> {
  const { body } = await journal.native('POST', '/v1/sessions', { user_id });
  const { id } = body as { id: string };
  await journal.native('GET', '/v1/sessions');
  await journal.native('GET', `/v1/sessions/${id}`);
  await journal.native('POST', `/v1/sessions/${id}/revoke`);
  await journal.native('POST', `/v1/users/${user_id}/sessions/revoke`);
  await journal.native('POST', '/v1/sign_in_tokens', { user_id });
}
