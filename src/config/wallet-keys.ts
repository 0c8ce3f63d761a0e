/** Settings of wallet proofs. */
import { optional, withDefault } from './key.js';
import { authority, chainIds, httpUrl } from './values.js';

export const walletKeys = {
  walletDomain: optional(authority, {
    env: 'SALLYPORT_WALLET_DOMAIN',
    type: 'host, or host:port',
    doc: 'What the messages that wallets sign ask to sign in to; wallets compare it with the page they are on.',
    unset: 'that of the public URL',
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
    doc: 'For which chains wallets may sign; the first one when a client does not say. `?chain=Ethereum` is 1.',
  }),
};
