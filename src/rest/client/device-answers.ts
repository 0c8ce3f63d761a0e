/** The bodies that most calls of the client surface answer with: the requested object, and the whole device. */
import type { z } from 'zod';
import type { Profiles } from '../../identity/profiles.js';
import type { SessionOfDevice } from '../../identity/device-sessions.js';
import type { Clock } from '../../ports/clock.js';
import type { DeviceWithSessions } from '../../ports/user-session-store.js';
import {
  viewDevice,
  viewDeviceSession,
  type deviceAnswerSchema,
  type deviceSchema,
  type Seen,
  type sessionAnswerSchema,
} from './device-view.js';

export interface DeviceAnswersDeps {
  readonly profiles: Pick<Profiles, 'of'>;
  readonly clock: Clock;
}

export class DeviceAnswers {
  constructor(private readonly deps: DeviceAnswersDeps) {}

  async session({ session, device }: SessionOfDevice, jwt?: string): Promise<z.output<typeof sessionAnswerSchema>> {
    const token = jwt === undefined ? undefined : { sessionId: session.id, jwt };
    const userIds = [session, ...device.sessions].map(({ userId }) => userId);
    const seen: Seen = { profiles: await this.deps.profiles.of(userIds), nowMs: this.deps.clock.nowMs(), token };
    return { response: viewDeviceSession(session, seen), client: viewDevice(device, seen) };
  }

  async device(device: DeviceWithSessions): Promise<z.output<typeof deviceAnswerSchema>> {
    const view = await this.deviceView(device);
    return { response: view, client: view };
  }

  async deviceView(device: DeviceWithSessions): Promise<z.output<typeof deviceSchema>> {
    const profiles = await this.deps.profiles.of(device.sessions.map(({ userId }) => userId));
    return viewDevice(device, { profiles, nowMs: this.deps.clock.nowMs() });
  }
}
