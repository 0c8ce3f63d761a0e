/** Every surface, right and wrong; and what the settings of the gateway hold. */
import { SECRET } from '../gateway.js';
import { walkClient } from './client.js';
import { walkGroup } from './group.js';
import type { Journal } from './journal.js';
import { RESET_PAGE, walkLogin, type ReadResetToken } from './login.js';
import { walkMisplaced } from './misplaced.js';
import { walkDrain, walkNative } from './native.js';
import { walkRelays } from './relays.js';
import { makeStanding } from './standing.js';

/** For a gateway that is walked through: everything is logged, and only accounts are limited. */
export const WALK_SETTINGS = {
  SALLYPORT_ENV: 'development',
  SALLYPORT_LOG_LEVEL: 'trace',
  SALLYPORT_RESET_URLS: RESET_PAGE,
  SALLYPORT_FAILED_HANDSHAKES_PER_S: '0',
  SALLYPORT_SIGN_IN_ATTEMPTS_PER_ADDRESS: '0',
  SALLYPORT_PASSWORD_RESETS_PER_ADDRESS: '0',
} as const;

export async function walkEverything(journal: Journal, readResetToken: ReadResetToken): Promise<void> {
  journal.keep('server secret', SECRET);
  await walkNative(journal);
  await walkRelays(journal);
  await walkClient(journal);
  await walkLogin(journal, readResetToken);
  await walkGroup(journal);
  await makeStanding(journal, readResetToken);
  await walkMisplaced(journal);
  // Last: a drained node takes nothing new.
  await walkDrain(journal);
}
