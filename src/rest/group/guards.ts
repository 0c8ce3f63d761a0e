/** Guards of the group surface: an API key with a wallet creates, a wallet joins, a member does the rest. */
import type { Caller } from '../../identity/api-keys.js';
import type { WalletProofs } from '../../identity/wallet-proofs.js';
import { Failure } from '../../protocol/failure.js';
import type { WalletAddress } from '../../protocol/ids.js';
import type { HttpRequest } from '../../ports/http.js';
import type { RelayClaims } from '../../ports/relay-credentials.js';
import type { GroupSessions } from '../../relay/groups/group-sessions.js';
import { authenticate, type KeyCarrier, type KeyVerifier } from '../auth.js';
import { wrongCarrier } from '../wrong-carrier.js';
import type { Guest, RouteInput } from '../route.js';

/** Names of security schemes. */
export const WALLET_BEARER = 'wallet';
export const MEMBER_BEARER = 'group_member';

export const groupKey: KeyCarrier = {
  form: '"X-API-KEY: <key>"',
  read: ({ headers }) => headers.get('x-api-key') ?? null,
};

export interface WalletGuest extends Guest {
  readonly wallet: WalletAddress;
}

export interface CreatorGuest extends WalletGuest {
  readonly caller: Caller;
}

export interface MemberGuest extends Guest {
  readonly claims: RelayClaims;
}

export type WalletBearers = Pick<WalletProofs, 'bearer'>;
export type MemberBearers = Pick<GroupSessions, 'bearer'>;

/** Rejects with `unauthorized` or `scope_missing` for the key, `credential_missing` or `credential_invalid` for the wallet. */
export async function admitCreator(
  keys: KeyVerifier,
  proofs: WalletBearers,
  { request }: RouteInput,
): Promise<CreatorGuest> {
  const caller = await authenticate({ keys, carrier: groupKey }, 'relays', request);
  const wallet = await walletOf(proofs, request);
  return { callerId: `${caller.id} ${wallet}`, caller, wallet };
}

export async function admitWallet(proofs: WalletBearers, { request }: RouteInput): Promise<WalletGuest> {
  const wallet = await walletOf(proofs, request);
  return { callerId: `wallet ${wallet}`, wallet };
}

/**
 * Checks the signature only. The call itself checks whether the credential still counts, so that a caller can repeat a call
 * that ended the credential.
 */
export async function admitMember(groups: MemberBearers, { request }: RouteInput): Promise<MemberGuest> {
  const claims = await groups.bearer(bearerOf(request));
  if (claims === null) throw new Failure('credential_invalid');
  return { callerId: `member ${claims.sessionId} ${claims.userId}`, claims };
}

async function walletOf(proofs: WalletBearers, request: HttpRequest): Promise<WalletAddress> {
  const wallet = await proofs.bearer(bearerOf(request));
  if (wallet === null) throw new Failure('credential_invalid');
  return wallet;
}

/** Rejects with `credential_missing`, or with `credential_invalid` for a header of another scheme. */
function bearerOf(request: HttpRequest): string {
  const authorization = request.headers.get('authorization');
  if (authorization === undefined) throw new Failure('credential_missing', inCarrier(request));
  const bearer = /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw new Failure('credential_invalid', inCarrier(request));
  return bearer;
}

/** The API key of `create` goes beside the bearer and is in its place. */
function inCarrier(request: HttpRequest): { readonly message?: string } {
  const others = { ...request, headers: new Map([...request.headers].filter(([name]) => name !== 'x-api-key')) };
  const message = wrongCarrier('its bearer', '"Authorization: Bearer <token>"', others);
  return message === null ? {} : { message };
}
