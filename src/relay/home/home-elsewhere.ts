import type { NodeRecord } from '../../ports/node-store.js';
import { connectLink } from '../../protocol/connect-link.js';
import { Failure } from '../../protocol/failure.js';

/** The refusal of what only the session's home can do. `home`: null when no live node is known to be it. */
export function homeElsewhere(home: NodeRecord | null): Failure {
  const url = home === null ? {} : { url: connectLink(home.publicUrl) };
  return new Failure('home_elsewhere', { retryAfterS: 1, ...url });
}
