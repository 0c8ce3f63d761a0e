/** Room in V8's young heap, so that some small objects can be allocated without a garbage collection. */
import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Far more than the engine allocates during an upgrade, which is less than 1 KiB; and one page of V8, whose rest V8 gives
 * away when it begins to mark the old heap.
 */
const ROOM_BYTES = (64 + 256) * 1024;
/** 8 KiB. Copies of it are young: V8 moves what `new` makes to the old heap when it has survived some collections. */
const BLOCK: readonly number[] = new Array<number>(1024).fill(0);
/** Enough to use up the room twice, should V8 ever not collect. */
const MAX_BLOCKS = 80;
const NEW_SPACE = getHeapSpaceStatistics().findIndex(({ space_name }) => space_name === 'new_space');

/** Holds the newest block: the compiler leaves out an allocation that nothing can see. */
const garbage: { block: readonly number[] | null } = { block: null };

/**
 * When the young heap is almost full, fills it: V8 then collects now, and not during the small allocations that follow.
 * Costs less than a microsecond otherwise.
 */
export function makeYoungRoom(): void {
  if (youngRoom() >= ROOM_BYTES) return;
  for (let blocks = 0; blocks < MAX_BLOCKS && youngRoom() < ROOM_BYTES; blocks += 1) garbage.block = BLOCK.slice();
  garbage.block = null;
}

/** Bytes that can be allocated before the next collection. */
function youngRoom(): number {
  return getHeapSpaceStatistics()[NEW_SPACE]?.space_available_size ?? ROOM_BYTES;
}
