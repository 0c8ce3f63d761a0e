/**
 * Every setting of the gateway: one zod schema over the `SALLYPORT_*` environment. The types, the checks, the defaults
 * and docs/CONFIG.md all come from it.
 */
import { z } from 'zod';
import { registry, type KeyAbout } from './key.js';
import { joinKeys } from './join-keys.js';
import { nodeKeys } from './node-keys.js';
import { outboundKeys } from './outbound-keys.js';
import { proxyKeys } from './proxy-keys.js';
import { relayKeys } from './relay-keys.js';
import { signInKeys } from './sign-in-keys.js';
import { tokenKeys, userSessionKeys, userSocketKeys } from './user-keys.js';
import { walletKeys } from './wallet-keys.js';
import { workerKeys } from './worker-keys.js';

/** Ordered as in docs/CONFIG.md. */
export const configSchema = z.object({
  ...nodeKeys,
  ...workerKeys,
  ...proxyKeys,
  ...outboundKeys,
  ...relayKeys,
  ...joinKeys,
  ...userSessionKeys,
  ...signInKeys,
  ...userSocketKeys,
  ...tokenKeys,
  ...walletKeys,
});

/** The parsed settings. Names carry units; an unset key is null. Holds secrets: never log the whole object. */
export type Config = Readonly<z.output<typeof configSchema>>;

export type ConfigField = keyof typeof configSchema.shape;

export interface ConfigKey extends KeyAbout {
  readonly field: ConfigField;
}

/** Every key, ordered as in docs/CONFIG.md. */
export const CONFIG_KEYS: readonly ConfigKey[] = configSchema.keyof().options.map((field) => {
  const about = registry.get(configSchema.shape[field]);
  if (about === undefined) throw new Error(`the config field ${field} is not registered`);
  return { ...about, field };
});
