/** Composes group sessions, and the wallet proofs that they require. */
import { createWalletTokens } from '../adapters/jose/wallet-tokens.js';
import { ethereumWallets } from '../adapters/wallet/ethereum.js';
import type { Config } from '../config/schema.js';
import { WalletProofs } from '../identity/wallet-proofs.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Passwords } from '../ports/passwords.js';
import type { RelayCredentials } from '../ports/relay-credentials.js';
import type { Store } from '../ports/store.js';
import type { Wallets } from '../ports/wallets.js';
import type { Authorizations } from '../relay/sessions/authorizations.js';
import { GroupPasswords } from '../relay/groups/group-passwords.js';
import { GroupSessions } from '../relay/groups/group-sessions.js';
import type { RelaySessions } from '../relay/sessions/relay-sessions.js';
import { SharedReads } from '../relay/groups/shared-reads.js';
import type { Composed } from './service.js';

/** Everything that the group parts are built on. */
export interface GroupGround {
  readonly config: Pick<Config, 'walletDomain' | 'walletUri' | 'walletChainIds'>;
  readonly secret: string;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly store: Pick<Store, 'relay' | 'oneTime' | 'rateLimits'>;
  readonly passwords: Passwords;
  readonly credentials: RelayCredentials;
  readonly sessions: RelaySessions;
  readonly authorizations: Authorizations;
  /** Where clients reach this server; asked when a message is made. */
  readonly publicUrl: () => string;
}

export interface Group extends Composed {
  readonly groups: GroupSessions;
  readonly proofs: WalletProofs;
  readonly wallets: Wallets;
}

export function composeGroup(ground: GroupGround): Group {
  const { config, secret, clock, crypto, credentials, sessions, authorizations, publicUrl } = ground;
  const { relay: store, oneTime: nonces, rateLimits: rates } = ground.store;
  const wallets = ethereumWallets();
  const passwords = new GroupPasswords({ passwords: ground.passwords, rates, crypto });
  const site = () => {
    const url = publicUrl();
    return { domain: config.walletDomain ?? new URL(url).host, uri: config.walletUri ?? url };
  };
  const tokens = createWalletTokens(secret, clock);
  return {
    groups: new GroupSessions({
      store,
      sessions,
      authorizations,
      credentials,
      passwords,
      crypto,
      reads: new SharedReads(store),
    }),
    proofs: new WalletProofs({
      nonces,
      rates,
      wallets,
      tokens,
      crypto,
      clock,
      site,
      chainIds: config.walletChainIds,
    }),
    wallets,
    services: [],
  };
}
