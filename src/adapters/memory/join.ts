/** The join: decides whether a socket gets a seat, and which one. The order of the checks is part of the contract. */
import type { JoinCredential, JoinRefusal, JoinRequest, JoinResult, Joined } from '../../ports/relay-join.js';
import type { Host } from '../../ports/relay-session.js';
import type { MemberIndex, UserId, UserSessionId } from '../../protocol/ids.js';
import { isOverdue, purgeOverdue, setHost } from './departure.js';
import { viewHost, type MemberState, type SeatState, type SessionState } from './session-state.js';

interface Joiner {
  readonly userId: UserId;
  /** null for a minted user without a seat. */
  readonly seat: SeatState | null;
}

export function join(session: SessionState, request: JoinRequest, nowMs: number): JoinResult {
  const joiner = identify(session, request.credential, nowMs);
  if (typeof joiner === 'string') return refused(joiner);
  const { seat } = joiner;
  const { enforceIp, homeNodeId, locked } = session.facts;
  if (enforceIp && seat !== null && seat.address !== null && seat.address !== request.address) {
    return refused('address_not_allowed');
  }
  if (homeNodeId === null) return refused('session_not_linked');
  if (homeNodeId !== request.nodeId) return { outcome: 'home_elsewhere', homeNodeId };
  if (seat !== null && seat.member !== null) return takeOver(session, seat, seat.member, request);
  if (locked) return refused('session_locked');
  return seatNewMember(session, joiner, request, nowMs);
}

function identify(session: SessionState, credential: JoinCredential, nowMs: number): Joiner | JoinRefusal {
  switch (credential.kind) {
    case 'pair': {
      if (credential.sessionToken !== session.facts.authorizationToken) return 'credential_invalid';
      const userId = session.tokens.get(credential.userToken);
      if (userId === null) return 'credential_revoked';
      const seat = userId === undefined ? undefined : session.seats.get(userId);
      return seat === undefined ? 'credential_invalid' : { userId: seat.userId, seat };
    }
    case 'minted': {
      const { userId, generation } = credential;
      if (session.banned.has(userId)) return 'banned';
      if (generation < (session.removed.get(userId)?.generation ?? session.floor)) return 'credential_revoked';
      return { userId, seat: session.seats.get(userId) ?? null };
    }
    case 'resume': {
      const seat = session.members.get(credential.index);
      const member = seat?.member;
      if (seat === undefined || member === null || member === undefined) return 'credential_invalid';
      // '' stands for a missing hash and matches no one.
      if (credential.secretHash === '') return 'credential_invalid';
      const known = credential.secretHash === member.resume || credential.secretHash === member.resumePrevious;
      return known && !isOverdue(member, nowMs) ? { userId: seat.userId, seat } : 'credential_invalid';
    }
  }
}

function takeOver(session: SessionState, seat: SeatState, member: MemberState, request: JoinRequest): JoinResult {
  const { credential, dryRun, resumeHash } = request;
  const userSessionId = credential.kind === 'resume' ? member.userSessionId : bindingOf(credential);
  if (dryRun) {
    const connection = member.connection + 1;
    return joined(seat.userId, { ...member, connection, userSessionId }, false, viewHost(session));
  }
  member.userSessionId = userSessionId;
  const isBack = member.awayUntilMs !== null;
  if (credential.kind !== 'resume') member.resumePrevious = null;
  else if (credential.secretHash === member.resume) member.resumePrevious = member.resume;
  member.resume = resumeHash;
  member.connection += 1;
  member.awayUntilMs = null;
  const { index } = member;
  if (isBack) session.changes.push({ type: 'member.back', userId: seat.userId, index, userSessionId });
  return joined(seat.userId, member, false, viewHost(session));
}

function seatNewMember(session: SessionState, joiner: Joiner, request: JoinRequest, nowMs: number): JoinResult {
  const { credential, dryRun, resumeHash } = request;
  const held = joiner.seat?.held === true;
  if (!held && isFull(session, dryRun, nowMs)) return refused('session_full');
  const index = session.indexes.peek(nowMs, session.facts.resumeWindowMs);
  if (index === null) return refused('session_full');
  const member: MemberState = {
    index,
    joinedAtMs: nowMs,
    connection: 1,
    awayUntilMs: null,
    resume: resumeHash,
    resumePrevious: null,
    userSessionId: bindingOf(credential),
  };
  const takesHost = becomesHost(session, joiner.userId) || (credential.kind === 'minted' && credential.asHost);
  if (dryRun) return joined(joiner.userId, member, true, takesHost ? nextHost(session, index) : viewHost(session));

  const seat = joiner.seat ?? mintedSeat(joiner.userId);
  if (!held) session.held += 1;
  seat.held = true;
  seat.member = member;
  session.seats.set(seat.userId, seat);
  session.members.set(index, seat);
  session.indexes.take(index);
  session.changes.push({ type: 'member.joined', userId: seat.userId, index, userSessionId: member.userSessionId });
  if (takesHost) setHost(session, index);
  return joined(seat.userId, member, true, viewHost(session));
}

/** The first member becomes host, unless a group session's creator may still connect. */
function becomesHost(session: SessionState, userId: UserId): boolean {
  if (session.host.index !== null) return false;
  const creatorId = session.facts.group?.creatorId;
  if (creatorId === undefined || creatorId === userId) return true;
  return session.seats.get(creatorId)?.held !== true;
}

/** Gives back seats whose resume window has passed before it counts a session as full. */
function isFull(session: SessionState, dryRun: boolean, nowMs: number): boolean {
  const { maxUsers } = session.facts;
  if (session.held < maxUsers) return false;
  if (dryRun) {
    const overdue = [...session.members.values()].filter(({ member }) => member !== null && isOverdue(member, nowMs));
    return session.held - overdue.length >= maxUsers;
  }
  purgeOverdue(session, nowMs);
  return session.held >= maxUsers;
}

function mintedSeat(userId: UserId): SeatState {
  return {
    userId,
    token: null,
    address: null,
    latitude: null,
    longitude: null,
    held: false,
    group: null,
    member: null,
  };
}

function bindingOf(credential: JoinCredential): UserSessionId | null {
  return credential.kind === 'minted' ? credential.userSessionId : null;
}

function nextHost(session: SessionState, index: MemberIndex): Host {
  return { index, term: session.host.term + 1 };
}

function joined(userId: UserId, member: MemberState, isNewMember: boolean, host: Host): Joined {
  const { index, connection, joinedAtMs, userSessionId } = member;
  return Object.freeze({ outcome: 'joined', userId, index, connection, joinedAtMs, isNewMember, userSessionId, host });
}

function refused(code: JoinRefusal): JoinResult {
  return { outcome: 'refused', code };
}
