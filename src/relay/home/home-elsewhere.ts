import type { NodeRecord } from '../../ports/node-store.js';
import { connectLink } from '../../protocol/connect-link.js';
import { Failure } from '../../protocol/failure.js';

/** The refusal of what only the session's home can do. */
export class HomeElsewhere extends Failure {
  /** `home`: null when no live node is known to be it. */
  constructor(readonly home: NodeRecord | null) {
    super('home_elsewhere', { retryAfterS: 1, ...(home === null ? {} : { url: connectLink(home.publicUrl) }) });
  }
}

export function homeElsewhere(home: NodeRecord | null): HomeElsewhere {
  return new HomeElsewhere(home);
}
