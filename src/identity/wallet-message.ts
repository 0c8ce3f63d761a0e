/** Makes the EIP-4361 message that a wallet signs, and reads only enough of it to identify which message it was. */

/** Stands for the address until the client fills it in. */
export const ADDRESS_PLACEHOLDER = '{address}';

export interface WalletMessage {
  /** Host, with the port unless it is the scheme's default; wallets compare it with the requesting page. */
  readonly domain: string;
  readonly uri: string;
  readonly chainId: number;
  readonly nonce: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

const STATEMENT = 'Prove that this wallet is yours. Nothing is sent and nothing is paid.';
const NONCE_LINE = /\nNonce: ([0-9A-Za-z]{8,64})\n/;

export function formatWalletMessage(message: WalletMessage, address: string): string {
  const { domain, uri, chainId, nonce, issuedAtMs, expiresAtMs } = message;
  return [
    `${domain} wants you to sign in with your Ethereum account:`,
    address,
    '',
    STATEMENT,
    '',
    `URI: ${uri}`,
    'Version: 1',
    chainLine(chainId),
    `Nonce: ${nonce}`,
    `Issued At: ${new Date(issuedAtMs).toISOString()}`,
    `Expiration Time: ${new Date(expiresAtMs).toISOString()}`,
  ].join('\n');
}

/** The first nonce that the message names; null when there is none. */
export function nonceOf(text: string): string | null {
  return NONCE_LINE.exec(text)?.[1] ?? null;
}

/** Whether the message is for this chain. */
export function isForChain(text: string, chainId: number): boolean {
  return text.split('\n').includes(chainLine(chainId));
}

/** The message before the address was filled in; null when it is not for this address. */
export function withoutAddress(text: string, address: string): string | null {
  const [head = '', filledIn, ...rest] = text.split('\n');
  return filledIn === address ? [head, ADDRESS_PLACEHOLDER, ...rest].join('\n') : null;
}

function chainLine(chainId: number): string {
  return `Chain ID: ${String(chainId)}`;
}
