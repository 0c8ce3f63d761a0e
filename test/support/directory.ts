/** Creates users, organizations and memberships over REST for tests. */
import { randomBytes } from 'node:crypto';
import { Backend, type Answer } from './backend.js';

/** A name nobody else in the test run has. */
export function freshName(): string {
  return `n${randomBytes(6).toString('hex')}`;
}

/** Throws when the call was not answered with this status. */
export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`answered ${String(answer.status)}, not ${String(status)}: ${JSON.stringify(answer.body)}`);
}

/** A new user's id. */
export async function newUser(backend: Backend, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await backend.native('POST', '/v1/users', { username: freshName(), ...more });
  return (expectStatus(answer, 201).body as { id: string }).id;
}

/** A new organization's id. */
export async function newOrganization(backend: Backend, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await backend.native('POST', '/v1/organizations', { name: freshName(), ...more });
  return (expectStatus(answer, 201).body as { id: string }).id;
}

/** A new session's id. */
export async function newUserSession(backend: Backend, userId: string): Promise<string> {
  const answer = await backend.native('POST', '/v1/sessions', { user_id: userId });
  return (expectStatus(answer, 201).body as { id: string }).id;
}

/** A backend with a key of these scopes. */
export async function withKey(root: Backend, scopes: readonly string[]): Promise<Backend> {
  const answer = await root.native('POST', '/v1/keys', { name: 'k', scopes });
  const { secret } = expectStatus(answer, 201).body as { secret: string };
  return new Backend(root.url, secret);
}
