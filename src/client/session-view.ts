/** The live view of the relay session, as the gateway last told it. */
import type { Json } from '../lib/json.js';
import type { MemberView, SessionView as WireSession, UserSessionPush, Welcome } from '../protocol/server-control.js';

export interface Member {
  /** The member's place in the session: `to` and `sender` name it. */
  readonly index: number;
  readonly userId: string;
  readonly role: 'host' | 'client';
  /** false while its socket is lost and its seat is kept. */
  readonly connected: boolean;
  /** The presence state that the member set last; null before the first. */
  readonly state: Json;
}

export interface Session {
  readonly id: string;
  readonly metadata: Json;
  readonly maxUsers: number;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
  readonly locked: boolean;
}

export interface Host {
  /** null while there is no host. */
  readonly index: number | null;
  /** Rises with each change; frames sent `asHost` carry it. */
  readonly term: number;
}

/** The user session that your seat is bound to. */
export interface UserSession {
  readonly id: string;
  readonly userId: string;
  /** `active` when it was touched. Any other status ends it and the client. */
  readonly status: string;
  readonly organizationId: string | null;
  /** Unix milliseconds, like the other times. */
  readonly lastActiveAtMs: number;
  readonly expiresAtMs: number;
  /** When the session ends without further activity. */
  readonly abandonedAtMs: number;
}

export class SessionView {
  readonly members = new Map<number, Member>();
  session: Session | null = null;
  host: Host = { index: null, term: 0 };
  limits: Welcome['limits'] | null = null;
  private myIndex: number | null = null;
  /** The presence state that the application set last, even if the gateway has lost it. */
  private myState: { readonly state: Json } | null = null;

  get me(): Member | null {
    return this.myIndex === null ? null : (this.members.get(this.myIndex) ?? null);
  }

  begin(welcome: Welcome): void {
    this.members.clear();
    for (const member of welcome.members) this.members.set(member.index, memberOf(member));
    this.myIndex = welcome.you.index;
    if (this.myState !== null) this.change(this.myIndex, this.myState);
    this.session = sessionOf(welcome.session);
    this.host = hostOf(welcome.host);
    this.limits = welcome.limits;
  }

  setMyState(state: Json): void {
    this.myState = { state };
    if (this.myIndex !== null) this.change(this.myIndex, this.myState);
  }

  /** Changes the known state of a member; null when there is no such member. */
  change(index: number, changed: Partial<Member>): Member | null {
    const member = this.members.get(index);
    if (member === undefined) return null;
    const next = { ...member, ...changed };
    this.members.set(index, next);
    return next;
  }

  join(view: MemberView): Member {
    const member = memberOf(view);
    this.members.set(member.index, member);
    return member;
  }

  leave(index: number): Member | null {
    const member = this.members.get(index) ?? null;
    this.members.delete(index);
    return member;
  }

  moveHost(host: Host): Host {
    this.host = hostOf(host);
    for (const { index, role } of this.members.values()) {
      const newRole = index === host.index ? 'host' : 'client';
      if (role !== newRole) this.change(index, { role: newRole });
    }
    return this.host;
  }

  update(session: WireSession): Session {
    this.session = sessionOf(session);
    return this.session;
  }
}

/** The status says more than the push's type: `user_session.ended` covers every end but removal and revocation. */
export function userSessionOf({ session }: UserSessionPush): UserSession {
  const { id, user_id: userId, status, last_active_organization_id: organizationId } = session;
  return {
    id,
    userId,
    status,
    organizationId,
    lastActiveAtMs: session.last_active_at,
    expiresAtMs: session.expire_at,
    abandonedAtMs: session.abandon_at,
  };
}

function memberOf({ index, user_id: userId, role, connected, state }: MemberView): Member {
  return { index, userId, role, connected, state };
}

function hostOf({ index, term }: Host): Host {
  return { index, term };
}

function sessionOf({ id, metadata, max_users: maxUsers, expires_at: expiresAtMs, locked }: WireSession): Session {
  return { id, metadata, maxUsers, expiresAtMs, locked };
}
