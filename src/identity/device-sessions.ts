/**
 * The calls that a device can make on its sessions. Sessions of other devices are not found; only a touch reveals that
 * a session belongs to another device, as at Clerk.
 */
import { Failure } from '../protocol/failure.js';
import { parseUserSessionId, type DeviceId, type UserSessionId } from '../protocol/ids.js';
import type { Log } from '../ports/log.js';
import type { DeviceWithSessions, UserSession, UserSessionStatus } from '../ports/user-session-store.js';
import type { Devices } from './devices.js';
import type { TokenIssuer } from './token-issuer.js';
import type { UserSessions } from './user-sessions.js';

export interface DeviceSessionsDeps {
  readonly devices: Pick<Devices, 'current' | 'makeActive'>;
  readonly sessions: Pick<UserSessions, 'get' | 'touch' | 'finish'>;
  readonly issuer: Pick<TokenIssuer, 'issue' | 'issueByTemplate' | 'subjectOf' | 'organizationOf'>;
  readonly log: Log;
}

/** Why a client touches a session, as Clerk's clients say it. */
export const TOUCH_INTENTS = ['focus', 'select_session', 'select_org'] as const;
export type TouchIntent = (typeof TOUCH_INTENTS)[number];

export interface Touch {
  /** An id or a slug; '' for none, absent for no change. */
  readonly organization?: string | undefined;
  readonly intent?: TouchIntent | undefined;
  /** The page that asks. */
  readonly origin: string | null;
}

/** A session after a call, with its device. */
export interface SessionOfDevice {
  readonly session: UserSession;
  readonly device: DeviceWithSessions;
}

/** Statuses of sessions that this device ended itself, not time or an outside call. */
const ENDED_HERE: readonly UserSessionStatus[] = ['ended', 'removed', 'replaced'];

export class DeviceSessions {
  constructor(private readonly deps: DeviceSessionsDeps) {}

  /**
   * Returns a listed session, active or not. Rejects with `resource_not_found` for a session that this device does not
   * list.
   */
  listed({ sessions }: DeviceWithSessions, id: string): UserSession {
    const session = sessions.find((candidate) => candidate.id === id);
    if (session === undefined) throw new Failure('resource_not_found');
    return session;
  }

  /**
   * Makes the session the device's active one and extends it; the intent goes to the log. Rejects with
   * `resource_not_found`, `action_for_session_not_authorized`, `invalid_action_for_session`, `signed_out`, `user_banned`
   * or `organization_not_found_or_unauthorized`.
   */
  async touch(
    { device }: DeviceWithSessions,
    id: string,
    how: Touch,
  ): Promise<SessionOfDevice & { readonly token: string }> {
    const { devices, sessions, issuer, log } = this.deps;
    const session = await this.own(device.id, id, 'action_for_session_not_authorized');
    await issuer.subjectOf(session);
    mustBeActive(session);
    const change = await this.organizationChange(session, how.organization);
    const touched = await sessions.touch(session.id, change);
    if (touched === null) throw await this.whyOver(session.id);
    await devices.makeActive(device.id, session.id);
    log.debug('user_session_touched', { userSessionId: session.id, intent: how.intent });
    const [token, now] = await Promise.all([issuer.issue(touched, how.origin), devices.current(device.id)]);
    return { session: touched, device: now, token };
  }

  /**
   * Ends the session; it stays listed. Rejects with `resource_not_found`, or with `invalid_action_for_session` when it
   * is already over.
   */
  async end({ device }: DeviceWithSessions, id: string): Promise<SessionOfDevice> {
    const session = await this.own(device.id, id, 'resource_not_found');
    const report = await this.deps.sessions.finish(session.id, 'ended');
    const [ended] = report?.sessions ?? [];
    if (ended === undefined) throw new Failure('invalid_action_for_session');
    return { session: ended, device: await this.deps.devices.current(device.id) };
  }

  /**
   * Removes the session from the list, active or not. Rejects with `resource_not_found`, or with
   * `invalid_action_for_session` when it was already removed.
   */
  async remove({ device }: DeviceWithSessions, id: string): Promise<SessionOfDevice> {
    const { sessions, devices } = this.deps;
    const session = await this.own(device.id, id, 'resource_not_found');
    if (session.status === 'removed') throw new Failure('invalid_action_for_session');
    await sessions.finish(session.id, 'removed');
    const removed = await sessions.get(session.id);
    return { session: removed ?? session, device: await devices.current(device.id) };
  }

  /** Signs out of all sessions. The device and its token remain. */
  async removeAll({ device, sessions }: DeviceWithSessions): Promise<DeviceWithSessions> {
    await Promise.all(sessions.map(({ id }) => this.deps.sessions.finish(id, 'removed')));
    await this.deps.devices.makeActive(device.id, null);
    return this.deps.devices.current(device.id);
  }

  /**
   * Issues a session token. Rejects with `resource_not_found`, `signed_out`, `user_banned` or
   * `organization_not_found_or_unauthorized`.
   */
  async token(
    device: DeviceWithSessions,
    id: string,
    how: { readonly organization?: string | undefined; readonly origin: string | null },
  ): Promise<string> {
    const session = await this.listedActive(device, id);
    return this.deps.issuer.issue(session, how.origin, how.organization);
  }

  /**
   * Issues a token by a template. Rejects with `resource_not_found`, `signed_out`, `user_banned` or
   * `template_not_found`.
   */
  async templateToken(
    device: DeviceWithSessions,
    id: string,
    template: string,
    origin: string | null,
  ): Promise<string> {
    return this.deps.issuer.issueByTemplate(await this.listedActive(device, id), origin, template);
  }

  private async listedActive(device: DeviceWithSessions, id: string): Promise<UserSession> {
    const session = this.listed(device, id);
    if (isActive(session)) return session;
    // A ban ends sessions: report the ban, not the ended session.
    await this.deps.issuer.subjectOf(session);
    throw new Failure('signed_out');
  }

  /** Also finds sessions that were removed from the list. `foreign`: the error code for a session of another device. */
  private async own(
    deviceId: DeviceId,
    id: string,
    foreign: 'resource_not_found' | 'action_for_session_not_authorized',
  ): Promise<UserSession> {
    const sessionId = parseUserSessionId(id);
    const session = sessionId === null ? null : await this.deps.sessions.get(sessionId);
    if (session?.kind !== 'client') throw new Failure('resource_not_found');
    if (session.deviceId !== deviceId) throw new Failure(foreign);
    return session;
  }

  private async organizationChange(
    { userId }: UserSession,
    organization: string | undefined,
  ): Promise<Parameters<UserSessions['touch']>[1]> {
    if (organization === undefined) return {};
    if (organization === '') return { organizationId: null };
    const memberOf = await this.deps.issuer.organizationOf(userId, organization);
    return { organizationId: memberOf.organization.id };
  }

  private async whyOver(id: UserSessionId): Promise<Failure> {
    const session = await this.deps.sessions.get(id);
    return session === null ? new Failure('signed_out') : overFailure(session);
  }
}

function isActive({ status }: UserSession): boolean {
  return status === 'active' || status === 'pending';
}

function mustBeActive(session: UserSession): void {
  if (!isActive(session)) throw overFailure(session);
}

function overFailure({ status }: UserSession): Failure {
  return new Failure(ENDED_HERE.includes(status) ? 'invalid_action_for_session' : 'signed_out');
}
