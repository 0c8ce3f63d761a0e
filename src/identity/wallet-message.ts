/** The EIP-4361 message that a wallet signs: made here, and read back only so far as to find which one it was. */

/** What stands in place of the address while nobody has said it. */
export const ADDRESS_PLACEHOLDER = '{address}';

export interface WalletMessage {
  /** Host, and port unless it is the scheme's own: what wallets compare with the page that asks. */
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

/** The nonce that a message names first; null when it names none. */
export function nonceOf(text: string): string | null {
  return NONCE_LINE.exec(text)?.[1] ?? null;
}

/** Whether a message of ours is for this chain. */
export function isForChain(text: string, chainId: number): boolean {
  return text.split('\n').includes(chainLine(chainId));
}

/** The message as it was before the address was filled in; null when it is not for this address. */
export function withoutAddress(text: string, address: string): string | null {
  const [head = '', filledIn, ...rest] = text.split('\n');
  return filledIn === address ? [head, ADDRESS_PLACEHOLDER, ...rest].join('\n') : null;
}

function chainLine(chainId: number): string {
  return `Chain ID: ${String(chainId)}`;
}
