/** Settings of wallet proofs. */
import { optional, withDefault } from './key.js';
import { authority, chainIds, httpUrl } from './values.js';

export const walletKeys = {
  walletDomain: optional(authority, {
    env: 'SALLYPORT_WALLET_DOMAIN',
    type: 'host, or host:port',
    doc: 'The domain in the messages that wallets sign; wallets compare it with the page that asks.',
    unset: 'the host of the public URL',
  }),
  walletUri: optional(httpUrl, {
    env: 'SALLYPORT_WALLET_URI',
    type: 'http or https URL',
    doc: 'The URI in the messages that wallets sign.',
    unset: 'the public URL',
  }),
  walletChainIds: withDefault(chainIds, '1', {
    env: 'SALLYPORT_WALLET_CHAIN_IDS',
    type: 'comma list of EIP-155 chain ids',
    doc: 'The chains that wallets may sign for; the first is the default. `?chain=Ethereum` means 1.',
  }),
};
