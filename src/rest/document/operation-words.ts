/** The words of an operation, from its route. */
import type { JsonObject } from '../schema-book.js';
import type { Route } from '../route.js';

/** `summary`: the first sentence, for lists of calls. `description`: all of it, and what holds for calls of its kind. */
export function operationWords({ summary, auth, mutating, refusedWhileDraining }: Route): JsonObject {
  const [first = summary] = summary.split(/(?<=[.:]) /);
  const needs = typeof auth === 'object' && 'scope' in auth ? [neededKey(auth.scope)] : [];
  const more = [
    ...needs,
    ...(auth === 'none' ? ['Anybody may call it.'] : []),
    ...(mutating ? ['A repeat with the same `Idempotency-Key` gets the same answer.'] : []),
    ...(refusedWhileDraining ? ['A node that shuts down refuses it.'] : []),
  ];
  return { summary: first.replace(/[.:]$/, ''), description: [summary, ...more].join(' ') };
}

function neededKey(scope: string): string {
  return scope === 'any' ? 'Needs an API key.' : `Needs an API key of scope \`${scope}\`.`;
}

export const INFO: JsonObject = {
  title: 'Sallyport',
  summary: 'A realtime session and relay gateway.',
  description: [
    'Game clients hold WebSockets to the gateway and relay frames to each other inside a relay session. Backends create',
    'sessions, authorize users, kick them and end sessions with these calls.',
    '',
    'Four surfaces are served side by side in the shapes of other APIs, with a native management API beside them. Each has its',
    'own carrier of API keys and its own error body; the codes of errors are the same everywhere. Every answer carries',
    '`X-Request-Id`. A 429 or 503 carries `Retry-After` in seconds.',
  ].join('\n'),
  contact: { name: 'Sallyport', url: 'https://github.com/sallyport/sallyport' },
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};
