import type { Clock } from '../../ports/clock.js';
import type { Device } from '../../ports/user-session-store.js';
import { Failure } from '../../protocol/failure.js';
import type { DeviceId, UserSessionId } from '../../protocol/ids.js';
import { ExpiringMap, type MapBound } from './expiring-map.js';

export type DeviceChange = Partial<Pick<Device, 'lastActiveSessionId' | 'lastStrategy'>> & {
  readonly rotate?: true | number;
};

interface DeviceState {
  device: Device;
  /** Ordered by time of opening. */
  readonly sessionIds: Set<UserSessionId>;
}

/** How long a device without listed sessions is kept. */
const KEPT_MS = 24 * 3_600_000;

/**
 * A dropped device would sign somebody out because others sign in, so a new device is refused when the table is full.
 * Only a right password or ticket makes one.
 */
const BOUND: MapBound = { most: 500_000, whenFull: 'refuse' };

/** The devices of the user sessions. */
export class DeviceTable {
  readonly #clock: Clock;
  readonly #clients: ExpiringMap<DeviceId, DeviceState>;

  constructor(clock: Clock, bound: MapBound = BOUND) {
    this.#clock = clock;
    this.#clients = new ExpiringMap(clock, bound);
  }

  /** Rejects with `too_many_requests` when the table is full. */
  create(id: DeviceId, lifetimeMs: number): Device {
    if (this.#clients.get(id) !== undefined) throw new Failure('internal', { cause: new Error('device id is taken') });
    const nowMs = this.#clock.nowMs();
    const device = Object.freeze({
      id,
      rotation: 1,
      lastActiveSessionId: null,
      lastStrategy: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      expireAtMs: nowMs + lifetimeMs,
    });
    if (!this.#keep({ device, sessionIds: new Set() }, nowMs)) {
      throw new Failure('too_many_requests', { message: 'Too many clients have signed in; try again later.' });
    }
    return device;
  }

  get(id: DeviceId): Readonly<DeviceState> | null {
    return this.#clients.get(id) ?? null;
  }

  change(id: DeviceId, { rotate, ...members }: DeviceChange): Device | null {
    const state = this.#clients.get(id);
    if (state === undefined) return null;
    if (typeof rotate === 'number' && rotate !== state.device.rotation) return null;
    const rotation = state.device.rotation + (rotate === undefined ? 0 : 1);
    state.device = Object.freeze({ ...state.device, ...members, rotation, updatedAtMs: this.#clock.nowMs() });
    return state.device;
  }

  /** Adds a session to the device's list and makes it the active one. Does nothing when the device does not exist. */
  addSession(id: DeviceId, sessionId: UserSessionId): void {
    const state = this.#clients.get(id);
    if (state === undefined) return;
    state.sessionIds.add(sessionId);
    this.#clients.set(id, state, state.device.expireAtMs);
    this.change(id, { lastActiveSessionId: sessionId });
  }

  dropSession(id: DeviceId, sessionId: UserSessionId, forgottenAtMs: number): void {
    const state = this.#clients.get(id);
    if (state?.sessionIds.delete(sessionId) === true && state.sessionIds.size === 0) this.#keep(state, forgottenAtMs);
  }

  /** Keeps the device for 24 h after its last session was removed, at most until it expires. */
  #keep(state: DeviceState, sinceMs: number): boolean {
    const { id, expireAtMs } = state.device;
    return this.#clients.set(id, state, Math.min(expireAtMs, sinceMs + KEPT_MS));
  }
}
