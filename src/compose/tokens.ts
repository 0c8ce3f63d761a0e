/** Composes the signers and verifiers of the tokens of user sessions and devices. */
import { createDeviceTokens } from '../adapters/jose/device-tokens.js';
import { Rs256Signer } from '../adapters/jose/rs256-signer.js';
import { createSessionTokens } from '../adapters/jose/session-tokens.js';
import { SigningKeys } from '../adapters/jose/signing-keys.js';
import { createSealer } from '../adapters/system/sealer.js';
import type { Config } from '../config/schema.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { DeviceTokens, SessionTokens } from '../ports/session-tokens.js';
import type { Store } from '../ports/store.js';
import type { Composed } from './service.js';

export interface TokensGround {
  readonly config: Config;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** The issuer of tokens when none is configured. */
  readonly publicUrl: () => string;
}

export interface Tokens extends Composed {
  readonly session: SessionTokens;
  readonly device: DeviceTokens;
}

export function composeTokens({ config, secret, clock, log, store, publicUrl }: TokensGround): Tokens {
  const sealer = createSealer(secret);
  const rotationMs = config.signingKeyRotationS * 1000;
  const keys = new SigningKeys({ store: store.signingKeys, sealer, clock, log, rotationMs });
  const signer = new Rs256Signer();
  return {
    session: createSessionTokens({ keys, signer, clock, issuer: () => config.issuer ?? publicUrl() }),
    device: createDeviceTokens(secret, clock),
    services: [
      { name: 'token_signer', start: () => undefined, stop: () => signer.stop() },
      { name: 'signing_keys', start: () => keys.start(), stop: () => keys.stop() },
    ],
  };
}
