import type { Clock } from '../../ports/clock.js';
import type { RoomIndex } from '../../ports/room-index.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';

const CLAIM_MS = 10_000;

export function createMemoryRoomIndex(clock: Clock): RoomIndex {
  /** For each room, when it may be claimed. */
  const byHome = new Map<NodeId, Map<SessionId, number>>();
  return {
    add: async (home, ids) => {
      const rooms = byHome.get(home) ?? new Map<SessionId, number>();
      byHome.set(home, rooms);
      for (const id of ids) rooms.set(id, 0);
    },
    remove: async (home, ids) => {
      const rooms = byHome.get(home);
      for (const id of ids) rooms?.delete(id);
      if (rooms?.size === 0) byHome.delete(home);
    },
    homes: async () => [...byHome.keys()],
    claim: async (home, limit) => {
      const nowMs = clock.nowMs();
      const rooms = byHome.get(home) ?? new Map<SessionId, number>();
      const due = [...rooms].filter(([, dueMs]) => dueMs <= nowMs).slice(0, limit);
      for (const [id] of due) rooms.set(id, nowMs + CLAIM_MS);
      return due.map(([id]) => id);
    },
  };
}
