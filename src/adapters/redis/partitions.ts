/** Partitions spread sessions and users over the servers of a cluster; see docs/adr/0023-events.md. */

/** How many partitions the keys of relay sessions and of users' sessions have. They are numbered from 0. */
export const PARTITIONS = 64;
/** The partition after those, for the directory and for events that tell of no change in the store. */
export const DIRECTORY_PARTITION = 64;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a. Stored keys contain the result, so another digest is another format of the stored data. */
export function partitionOf(text: string): number {
  let digest = FNV_OFFSET;
  for (let at = 0; at < text.length; at += 1) digest = Math.imul(digest ^ text.charCodeAt(at), FNV_PRIME);
  // The upper half takes part, because ids may end in the same character.
  return (digest ^ (digest >>> 16)) & (PARTITIONS - 1);
}
