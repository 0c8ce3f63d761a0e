/** A relay session as the store keeps it, without its seats. Times are Unix milliseconds of the store's clock. */
import type { Json } from '../lib/json.js';
import type { AuthorizationToken, MemberIndex, NodeId, ProjectId, SessionId, UserId } from '../protocol/ids.js';

export type FilterType = 'any' | 'all' | 'not';

/** Matches nodes by one of their labels. */
export interface Filter {
  readonly field: string;
  readonly values: readonly string[];
  readonly filterType: FilterType;
}

export type Durability = 'memory' | 'redis';

/** Settings that can change after create. */
export interface RelaySessionSettings {
  readonly metadata: Json;
  /** The most seats that can be held at once, 1 to 65,534. */
  readonly maxUsers: number;
  /** How long a lost socket keeps its seat, index and host role. */
  readonly resumeWindowMs: number;
  /** 0: send at the end of the event-loop turn. 1 to 50: gather for that many ms. auto: follow the load. */
  readonly flushMs: number | 'auto';
  /** A seat with an address may only be used from that address. */
  readonly enforceIp: boolean;
  /** While locked, new members cannot join. */
  readonly locked: boolean;
  readonly webhookUrl: string | null;
  /** Asked before a member joins. null: the deployment's, if there is one. */
  readonly joinUrl: string | null;
}

/** Present on group sessions: wallets join them over REST and hold seats from then on. */
export interface GroupPart {
  /**
   * Host from the start until the creator leaves. While the creator holds a seat, connecting first does not make
   * another member host.
   */
  readonly creatorId: UserId;
  /** PHC form; null: no password required. */
  readonly passwordHash: string | null;
  /** Checksummed addresses. */
  readonly whitelist: readonly string[];
  /** Whether only whitelisted wallets may join. */
  readonly onlyWhitelisted: boolean;
}

export interface NewRelaySession extends RelaySessionSettings {
  readonly id: SessionId;
  readonly projectId: ProjectId;
  readonly authorizationToken: AuthorizationToken;
  /** Lifetime, counted from when the store creates the session. */
  readonly ttlMs: number;
  readonly durability: Durability;
  readonly filters: readonly Filter[];
  /** null when no node matches the filters; `error` then says so. */
  readonly homeNodeId: NodeId | null;
  readonly error: string | null;
  /** null: not a group session. */
  readonly group: GroupPart | null;
}

/** A home, and the epoch of its claim. A home with an older epoch than the session's is no longer its home. */
export interface HomeHold {
  readonly nodeId: NodeId;
  readonly homeEpoch: number;
}

export interface Host {
  /** null before the first member joins and after the last one leaves. */
  readonly index: MemberIndex | null;
  /** Rises with each host change; 0 before the first. */
  readonly term: number;
}

export interface RelaySession extends RelaySessionSettings {
  readonly id: SessionId;
  readonly projectId: ProjectId;
  readonly authorizationToken: AuthorizationToken;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly durability: Durability;
  readonly filters: readonly Filter[];
  readonly homeNodeId: NodeId | null;
  /** Fencing number of the home; rises with each claim, so a home can be told from an earlier one. 0: it never had one. */
  readonly homeEpoch: number;
  readonly error: string | null;
  readonly group: GroupPart | null;
  readonly host: Host;
  /** Minted credentials carry this number. A kick raises it, which invalidates the kicked user's credentials. */
  readonly generation: number;
}

/** Which sessions a caller may see: those of one project, or all (the root key). */
export type ProjectScope = ProjectId | 'all';
