/** How a socket takes a seat, holds it and gives it back. */
import type { LeftReason } from '../protocol/control-frames.js';
import type { ErrorCode } from '../protocol/errors.js';
import type { AuthorizationToken, MemberIndex, NodeId, SessionId, UserId, UserSessionId } from '../protocol/ids.js';
import type { HomeHold, Host } from './relay-session.js';

export type JoinCredential =
  /** The session token and user token that Edgegap uses. */
  | { readonly kind: 'pair'; readonly sessionToken: AuthorizationToken; readonly userToken: AuthorizationToken }
  /** A relay credential with verified signature and times. `asHost` takes the host role when the seat is new. */
  | {
      readonly kind: 'minted';
      readonly userId: UserId;
      readonly generation: number;
      readonly asHost: boolean;
      /** The user session to bind the member to; null: none. */
      readonly userSessionId: UserSessionId | null;
    }
  /**
   * SHA-256 of a resume token's secret. Two tokens are valid: the newest, and the one that the current socket came
   * with.
   */
  | { readonly kind: 'resume'; readonly index: MemberIndex; readonly secretHash: string };

export interface JoinRequest {
  readonly sessionId: SessionId;
  readonly nodeId: NodeId;
  readonly credential: JoinCredential;
  /** The client's address in canonical form. */
  readonly address: string;
  /** SHA-256 of the secret in the resume token that this join hands out. */
  readonly resumeHash: string;
  /** Decides without changing anything. */
  readonly dryRun: boolean;
}

export type JoinRefusal = Extract<
  ErrorCode,
  | 'session_not_found'
  | 'session_not_linked'
  | 'credential_invalid'
  | 'credential_revoked'
  | 'banned'
  | 'address_not_allowed'
  | 'session_locked'
  | 'session_full'
>;

export interface Joined {
  readonly outcome: 'joined';
  readonly userId: UserId;
  readonly index: MemberIndex;
  readonly connection: number;
  readonly joinedAtMs: number;
  /** false when the member existed: a resume, or a second socket that replaces the first. */
  readonly isNewMember: boolean;
  /** The user session that the member is bound to from now on. */
  readonly userSessionId: UserSessionId | null;
  /** The host after the join. */
  readonly host: Host;
}

export type JoinResult =
  | Joined
  | { readonly outcome: 'refused'; readonly code: JoinRefusal }
  /** Another node is home. If that node is dead, call `claimHome` with this state, then join again. */
  | { readonly outcome: 'home_elsewhere'; readonly homeNodeId: NodeId };

/** Names one socket's hold on a seat, at the home that has the socket. A call from before a newer socket or a newer home changes nothing. */
export interface SeatHold extends HomeHold {
  readonly sessionId: SessionId;
  readonly index: MemberIndex;
  readonly connection: number;
}

/** Why a home gives a seat back. `ended`: the user session that the member is bound to is over. */
export type LeaveReason = Extract<LeftReason, 'left' | 'timeout' | 'revoked' | 'ended'>;

export type LeaveResult =
  | { readonly outcome: 'left'; readonly host: Host }
  /** The seat is gone, or a newer socket or another home holds it. */
  | { readonly outcome: 'outdated' };
