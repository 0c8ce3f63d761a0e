import type { UserSocket, UserSocketStore } from '../../ports/user-socket-store.js';
import { parseNodeId, type UserId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asList, asPairs, known, unexpected } from './replies.js';
import type { Scripts } from './script.js';

/** Number of users whose sockets are renewed at the same time; a node may have thousands. */
const RENEW_WIDTH = 500;

export function createRedisUserSocketStore(link: RedisLink, keys: Keys, scripts: Scripts): UserSocketStore {
  return {
    take: async ({ userId, socketId, nodeId }, { max, whenFull }, ttlMs) => {
      const args = [socketId, nodeId, max, whenFull, ttlMs];
      const reply = await link.run('user_sockets.take', scripts.userSocketTake, [keys.userSockets(userId)], args);
      const [outcome, ...replaced] = asList(reply);
      if (outcome === 'too_many_sockets') return { outcome };
      if (outcome !== 'taken') throw unexpected('an outcome');
      return {
        outcome,
        replaced: asPairs(replaced).map(([other, node]) => ({
          userId,
          socketId: other,
          nodeId: known(parseNodeId(node), 'a node id'),
        })),
      };
    },
    release: async ({ userId, socketId }) => {
      await link.run('user_sockets.release', scripts.userSocketRelease, [keys.userSockets(userId)], [socketId]);
    },
    renew: async (sockets, ttlMs) => {
      const users = [...socketIdsByUser(sockets)];
      for (let at = 0; at < users.length; at += RENEW_WIDTH) {
        const renewals = users.slice(at, at + RENEW_WIDTH).map(([userId, socketIds]) => {
          const args = [ttlMs, ...socketIds];
          return link.run('user_sockets.renew', scripts.userSocketRenew, [keys.userSockets(userId)], args);
        });
        await Promise.all(renewals);
      }
    },
  };
}

function socketIdsByUser(sockets: readonly UserSocket[]): ReadonlyMap<UserId, readonly string[]> {
  const users = new Map<UserId, string[]>();
  for (const { userId, socketId } of sockets) {
    const others = users.get(userId);
    if (others === undefined) users.set(userId, [socketId]);
    else others.push(socketId);
  }
  return users;
}
