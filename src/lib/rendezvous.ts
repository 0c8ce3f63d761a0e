/**
 * Rendezvous hashing: everybody who knows the same candidates gives a key to the same one, and a candidate that comes or
 * goes moves only its own share.
 */
export function rendezvous<T extends string>(key: string, candidates: readonly T[]): T | null {
  let chosen: T | null = null;
  let highest = -1;
  for (const candidate of candidates) {
    const score = digest(`${candidate} ${key}`);
    if (score > highest || (score === highest && chosen !== null && candidate < chosen)) {
      chosen = candidate;
      highest = score;
    }
  }
  return chosen;
}

/** FNV-1a, and the finalizer of MurmurHash3: without it, texts that differ in the last character are ordered alike. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
