import { ROOMS_KEPT_MS, type RoomIndex } from '../../ports/room-index.js';
import { parseNodeId } from '../../protocol/ids.js';
import { DueSet } from './due-set.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asList, asSessionId, asText, known } from './replies.js';
import type { Scripts } from './script.js';

/** Rooms in one call: a script's arguments are on Lua's stack. */
const AT_ONCE = 500;

export function createRedisRoomIndex(link: RedisLink, keys: Keys, scripts: Scripts): RoomIndex {
  return {
    add: async (home, ids) => {
      for (const part of partsOf(ids)) {
        await link.run('rooms.add', scripts.roomsAdd, [keys.homes, keys.roomsOf(home)], [home, ROOMS_KEPT_MS, ...part]);
      }
    },
    remove: async (home, ids) => {
      for (const part of ids.length === 0 ? [[]] : partsOf(ids)) {
        await link.run('rooms.remove', scripts.roomsRemove, [keys.homes, keys.roomsOf(home)], [home, ...part]);
      }
    },
    homes: async () => {
      const pairs = asList(await link.read('rooms.homes', 'HGETALL', keys.homes)).map(asText);
      return pairs.filter((_, at) => at % 2 === 0).map((id) => known(parseNodeId(id), 'a node id'));
    },
    claim: async (home, limit) => {
      const due = await new DueSet(link, scripts, keys.roomsOf(home), 'rooms.claim').claim(limit);
      return due.map(({ member }) => asSessionId(member));
    },
  };
}

function partsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, at) =>
    items.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );
}
