import { describe } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import { directoryRules } from './directory-rules.js';
import { oneTimeRules } from './one-time-rules.js';
import { rateLimitRules } from './rate-limit-rules.js';
import { signingKeyRules } from './signing-key-rules.js';
import { userSessionExpiryRules } from './user-session-expiry-rules.js';
import { userSessionLimitRules } from './user-session-limit-rules.js';
import { userSessionRules } from './user-session-rules.js';
import { userSocketRules } from './user-socket-rules.js';

/** Everything that both engines promise about users and their sessions: rules IS1 to IS28 of docs/SPEC.md. */
export function identityStoreRules(engine: string, open: OpenStore): void {
  describe(`the ${engine} store`, () => {
    directoryRules(open);
    userSessionRules(open);
    userSessionLimitRules(open);
    userSessionExpiryRules(open);
    oneTimeRules(open);
    rateLimitRules(open);
    signingKeyRules(open);
    userSocketRules(open);
  });
}
