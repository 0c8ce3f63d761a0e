/**
 * The ids that cross the wire or the store. Receivers treat every id as opaque: the shapes here are for parsing at a
 * border, never for reading a meaning out of an id.
 */
import type { Brand } from '../lib/brand.js';

/** A relay session: 12 lower-case hex digits and `-S` (Edgegap's shape). */
export type SessionId = Brand<string, 'SessionId'>;
/** The user that holds a seat, unique within a relay session: 1 to 128 visible ASCII characters. */
export type UserId = Brand<string, 'UserId'>;
/** An organization of the directory: `org_` and 27 base62 characters. */
export type OrganizationId = Brand<string, 'OrganizationId'>;
/** A device or browser that holds user sessions: `client_` and 27 base62 characters. */
export type DeviceId = Brand<string, 'ClientId'>;
/** A signed-in user on a device, a login session included: `sess_` and 27 base62 characters. */
export type UserSessionId = Brand<string, 'UserSessionId'>;
/** One gateway process, new at every start: `node_` and 16 base62 characters. */
export type NodeId = Brand<string, 'NodeId'>;
/** Owner of API keys and relay sessions: 1 to 64 of `[A-Za-z0-9_-]`, but not `all`, which means every project. */
export type ProjectId = Brand<string, 'ProjectId'>;
/** The public part of an API key: 16 base62 characters, `key_` before them. */
export type KeyId = Brand<string, 'KeyId'>;
/** An Ethereum account as EIP-55 writes it: `0x` and 40 hex digits whose case is their checksum. */
export type WalletAddress = Brand<string, 'WalletAddress'>;
/** A registered webhook endpoint: `wh_` and 24 base62 characters. */
export type EndpointId = Brand<string, 'EndpointId'>;
/**
 * Either number of Edgegap's pair: a random integer from 1 to `MAX_AUTHORIZATION_TOKEN`, unique within its session.
 * Sessions of older versions have tokens of up to 53 bits, which remain valid.
 */
export type AuthorizationToken = Brand<number, 'AuthorizationToken'>;
/** A member's number within its session: 0 to 65,533. 65,534 is never assigned; 65,535 means the backend. */
export type MemberIndex = Brand<number, 'MemberIndex'>;

/** Edgegap's clients read a token as an unsigned 32-bit integer. */
export const MAX_AUTHORIZATION_TOKEN = 0xffff_ffff;

/** The sender index of entries that the backend sends. */
export const BACKEND_INDEX = 0xffff as MemberIndex;
/** The highest index a member can have; with 0 that makes 65,534 members. */
export const MAX_MEMBER_INDEX = 0xfffd;

const SESSION_ID = /^[0-9a-f]{12}-S$/;
const USER_ID = /^[\x21-\x7e]{1,128}$/;
const DIRECTORY_USER_ID = /^user_[0-9A-Za-z]{27}$/;
const ORGANIZATION_ID = /^org_[0-9A-Za-z]{27}$/;
const CLIENT_ID = /^client_[0-9A-Za-z]{27}$/;
const USER_SESSION_ID = /^sess_[0-9A-Za-z]{27}$/;
const PROJECT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const KEY_ID = /^key_[0-9A-Za-z]{16}$/;
const WALLET_ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ENDPOINT_ID = /^wh_[0-9A-Za-z]{24}$/;
const NODE_ID = /^node_[0-9A-Za-z]{16}$/;

export function parseSessionId(text: string): SessionId | null {
  return SESSION_ID.test(text) ? (text as SessionId) : null;
}

export function parseUserId(text: string): UserId | null {
  return USER_ID.test(text) ? (text as UserId) : null;
}

/** Parses the id of a directory user: `user_` and 27 base62 characters. A seat accepts every such id as its user id. */
export function parseDirectoryUserId(text: string): UserId | null {
  return DIRECTORY_USER_ID.test(text) ? (text as UserId) : null;
}

export function parseOrganizationId(text: string): OrganizationId | null {
  return ORGANIZATION_ID.test(text) ? (text as OrganizationId) : null;
}

export function parseDeviceId(text: string): DeviceId | null {
  return CLIENT_ID.test(text) ? (text as DeviceId) : null;
}

export function parseEndpointId(text: string): EndpointId | null {
  return ENDPOINT_ID.test(text) ? (text as EndpointId) : null;
}

export function parseUserSessionId(text: string): UserSessionId | null {
  return USER_SESSION_ID.test(text) ? (text as UserSessionId) : null;
}

export function parseProjectId(text: string): ProjectId | null {
  return PROJECT_ID.test(text) && text !== 'all' ? (text as ProjectId) : null;
}

export function parseKeyId(text: string): KeyId | null {
  return KEY_ID.test(text) ? (text as KeyId) : null;
}

/** Checks only the shape: the wallet adapter computes and checks the checksum. */
export function parseWalletAddress(text: string): WalletAddress | null {
  return WALLET_ADDRESS.test(text) ? (text as WalletAddress) : null;
}

export function parseNodeId(text: string): NodeId | null {
  return NODE_ID.test(text) ? (text as NodeId) : null;
}

export function parseAuthorizationToken(value: number): AuthorizationToken | null {
  return Number.isSafeInteger(value) && value > 0 ? (value as AuthorizationToken) : null;
}

/** Reads a token written as a plain decimal: no sign, no leading zero, no exponent. */
export function parseAuthorizationTokenText(text: string): AuthorizationToken | null {
  return /^[1-9][0-9]{0,15}$/.test(text) ? parseAuthorizationToken(Number(text)) : null;
}

export function parseMemberIndex(value: number): MemberIndex | null {
  return Number.isInteger(value) && value >= 0 && value <= MAX_MEMBER_INDEX ? (value as MemberIndex) : null;
}
