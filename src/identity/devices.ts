/**
 * Devices: the browsers and apps that hold user sessions, and their tokens. A sign-in invalidates the token that it
 * was made with, so a token planted by an attacker is worthless afterwards.
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import { parseDeviceId, type DeviceId } from '../protocol/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { DeviceTokens } from '../ports/session-tokens.js';
import type { Device, DeviceWithSessions, UserSessionStore } from '../ports/user-session-store.js';

export interface DevicesDeps {
  readonly store: Pick<UserSessionStore, 'createDevice' | 'device' | 'changeDevice'>;
  readonly tokens: DeviceTokens;
  readonly crypto: Crypto;
  readonly clock: Clock;
}

/** A device's new token and its lifetime. */
export interface IssuedDeviceToken {
  readonly text: string;
  readonly lifetimeMs: number;
}

export interface Rotation {
  readonly lastStrategy: string;
  /** null: rotate from any value. */
  readonly from: number | null;
}

/** Sessions live at most a week; a device outlives a dozen of them. */
const LIFETIME_MS = 90 * 24 * 60 * 60 * 1000;
/** With less time left than this, a new session would end early. */
const LEAST_LEFT_MS = 8 * 24 * 60 * 60 * 1000;
const ID_LETTERS = 27;

export class Devices {
  constructor(private readonly deps: DevicesDeps) {}

  /** null for an invalid or outdated token. */
  async find(token: string): Promise<DeviceWithSessions | null> {
    const claims = await this.deps.tokens.verify(token);
    const found = claims === null ? null : await this.deps.store.device(claims.deviceId);
    return found?.device.rotation === claims?.rotation ? found : null;
  }

  /** The device's current state. Rejects with `authentication_invalid` when the device is gone. */
  async current(id: DeviceId): Promise<DeviceWithSessions> {
    const found = await this.deps.store.device(id);
    if (found === null) throw new Failure('authentication_invalid');
    return found;
  }

  /** The device that a sign-in uses: the calling one, or a new one when there is none or it expires soon. */
  async forSignIn(asking: DeviceWithSessions | null): Promise<DeviceWithSessions> {
    const { store, clock } = this.deps;
    if (asking !== null) {
      const isNearlyOver = asking.device.expireAtMs - clock.nowMs() < LEAST_LEFT_MS;
      const isInUse = asking.sessions.some(({ status }) => status === 'active');
      if (isInUse || !isNearlyOver) return asking;
    }
    return { device: await store.createDevice(this.newId(), LIFETIME_MS), sessions: [] };
  }

  /**
   * After a sign-in: invalidates the device's tokens and issues a new one. null when the device is gone, or when its
   * rotation is no longer `from` because of a concurrent sign-in.
   */
  async rotate(id: DeviceId, { lastStrategy, from }: Rotation): Promise<IssuedDeviceToken | null> {
    const device = await this.deps.store.changeDevice(id, { lastStrategy, rotate: from ?? true });
    return device === null ? null : this.tokenOf(device);
  }

  async makeActive(id: DeviceId, sessionId: Device['lastActiveSessionId']): Promise<void> {
    await this.deps.store.changeDevice(id, { lastActiveSessionId: sessionId });
  }

  private async tokenOf({ id, rotation, expireAtMs }: Device): Promise<IssuedDeviceToken> {
    const lifetimeMs = Math.max(0, expireAtMs - this.deps.clock.nowMs());
    return { text: await this.deps.tokens.sign({ deviceId: id, rotation }, lifetimeMs), lifetimeMs };
  }

  private newId(): DeviceId {
    const id = parseDeviceId(`client_${randomBase62(this.deps.crypto, ID_LETTERS)}`);
    if (id === null) throw new Error('a random source without base62 letters');
    return id;
  }
}
