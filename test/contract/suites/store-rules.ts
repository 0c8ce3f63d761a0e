import { describe } from 'vitest';
import type { OpenStore } from '../../support/stores.js';
import { joinRules } from './join-rules.js';
import { groupRules } from './group-rules.js';
import { fencingRules } from './fencing-rules.js';
import { homeRules } from './home-rules.js';
import { hostRules } from './host-rules.js';
import { listingRules } from './listing-rules.js';
import { otherRules } from './other-rules.js';
import { removalRules } from './removal-rules.js';
import { restoreRules } from './restore-rules.js';
import { roomIndexRules } from './room-index-rules.js';
import { seatRules } from './seat-rules.js';
import { sessionRules } from './session-rules.js';

/** Everything that both engines promise: rules ST1 to ST49, ST63 to ST70, FO4, FO7 and GS1 to GS7 of docs/SPEC.md. */
export function storeRules(engine: string, open: OpenStore): void {
  describe(`the ${engine} store`, () => {
    sessionRules(open);
    listingRules(open);
    seatRules(open);
    joinRules(open);
    hostRules(open);
    homeRules(open);
    fencingRules(open);
    restoreRules(open);
    removalRules(open);
    groupRules(open);
    otherRules(open);
    roomIndexRules(open);
  });
}
