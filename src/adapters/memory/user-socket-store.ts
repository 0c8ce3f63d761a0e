import type { Clock } from '../../ports/clock.js';
import type { UserSocket, UserSocketStore } from '../../ports/user-socket-store.js';
import type { UserId } from '../../protocol/ids.js';
import { ExpiringMap, type MapBound } from './expiring-map.js';

interface Place {
  readonly socket: UserSocket;
  readonly untilMs: number;
}

/**
 * A user whose places were dropped could open as many sockets again, so new users are refused when the table is full.
 * A process has fewer descriptors than this: only sockets that opened and closed within their time of renewal fill it.
 */
const BOUND: MapBound = { most: 100_000, whenFull: 'refuse' };

export function createMemoryUserSocketStore(clock: Clock, bound: MapBound = BOUND): UserSocketStore {
  /** By socket id, ordered by time of taking. */
  const users = new ExpiringMap<UserId, Map<string, Place>>(clock, bound);

  function live(userId: UserId): Map<string, Place> {
    const places = [...(users.get(userId) ?? [])];
    return new Map(places.filter(([, { untilMs }]) => untilMs > clock.nowMs()));
  }

  function keep(userId: UserId, places: Map<string, Place>): void {
    if (places.size === 0) users.delete(userId);
    else users.set(userId, places, Math.max(...[...places.values()].map(({ untilMs }) => untilMs)));
  }

  return {
    take: async (socket, { max, whenFull }, ttlMs) => {
      if (!users.hasRoomFor([socket.userId])) return { outcome: 'too_many_sockets' };
      const places = live(socket.userId);
      const replaced: UserSocket[] = [];
      if (max > 0 && !places.has(socket.socketId)) {
        if (places.size >= max && whenFull === 'reject_new') return { outcome: 'too_many_sockets' };
        const oldest = [...places.values()].slice(0, Math.max(0, places.size - max + 1));
        replaced.push(...oldest.map((place) => place.socket));
        for (const { socketId } of replaced) places.delete(socketId);
      }
      places.set(socket.socketId, { socket: Object.freeze({ ...socket }), untilMs: clock.nowMs() + ttlMs });
      keep(socket.userId, places);
      return { outcome: 'taken', replaced };
    },
    release: async ({ userId, socketId }) => {
      const places = live(userId);
      places.delete(socketId);
      keep(userId, places);
    },
    renew: async (sockets, ttlMs) => {
      for (const { userId, socketId } of sockets) {
        const places = live(userId);
        const place = places.get(socketId);
        if (place === undefined) continue;
        places.set(socketId, { ...place, untilMs: clock.nowMs() + ttlMs });
        keep(userId, places);
      }
    },
  };
}
