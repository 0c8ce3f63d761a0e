/**
 * Every Redis key is built here.
 *
 * All keys of one relay session share the hash tag {session id}, so each transition of a session is one script
 * on one node. What finds sessions (listings, expiry) shares the tag {index}. Three transitions touch both tags,
 * and are safe without a transaction:
 *
 * - create: first the session, then the index, each by a script that can be run again. A crash in between leaves a
 *   session that works, is in no listing, and vanishes by its own expiry (every session key carries one).
 *   An index entry whose session is missing is left out of listings and removed by the sweeper.
 * - end: first the session, in one script: that is the moment it ends. Then the index; if that fails, listings leave
 *   the entry out and the sweeper removes it when it would have been due.
 * - expiry: the index holds a hint, the session the truth. A longer life changes the session alone: the sweeper
 *   finds the hint early, asks the session and puts it back. A shorter one then lowers the hint as well; if that
 *   fails, the session is gone for every method at its time all the same, and swept late.
 *
 * Sweeping claims due hints for a while instead of removing them, removes the session, then the hint: who dies in
 * between leaves a claim that runs out. The removal of the hint decides which caller names the session.
 */
import type { ProjectScope } from '../../ports/relay-store.js';
import type { ProjectId, SessionId } from '../../protocol/ids.js';

export type Keys = ReturnType<typeof createKeys>;

export function createKeys(prefix: string) {
  const index = `${prefix}:{index}`;
  return {
    /**
     * In the order that lua/session.lua names them: the session's fields (hash); seats by user; users by token
     * ('' when revoked); users by index; users by when they joined (sorted set); users by when their window ends;
     * listed users per address, and users by wallet; bans and kicks by user, bans by wallet; freed indexes by time; rested indexes.
     */
    session: (id: SessionId): readonly string[] => {
      const base = `${prefix}:relay:{${id}}`;
      return [
        `${base}:fields`,
        `${base}:seats`,
        `${base}:tokens`,
        `${base}:indexes`,
        `${base}:members`,
        `${base}:away`,
        `${base}:addresses`,
        `${base}:barred`,
        `${base}:resting`,
        `${base}:rested`,
      ];
    },
    /** Counts sessions created; a session's number is its score in listings. */
    positions: `${index}:positions`,
    listing: (scope: ProjectScope): string => (scope === 'all' ? `${index}:everybody` : `${index}:project:${scope}`),
    /** Sorted set of `<session id> <project id>` by when to look whether the session's time is up. */
    expiry: `${index}:expiry`,
    /** Hash: a node's id to its lease and report. */
    nodes: `${prefix}:nodes`,
    /** Hash: a key's id to its record. */
    apiKeys: `${prefix}:keys`,
    idempotency: (key: string): string => `${prefix}:idem:{${key}}`,
  };
}

/** A member of the expiry set. Neither part has a space. */
export function expiryMember(id: SessionId, projectId: ProjectId): string {
  return `${id} ${projectId}`;
}
