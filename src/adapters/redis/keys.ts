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
 *
 * User sessions go the same way. All of one user's share the tag {user:<user id>}, so that limits and "end all of them"
 * are one script. Beside them stand, each under a tag of its own: whom a session belongs to (one key per session), the
 * device that lists it, and {user-sessions}, which finds sessions of all users. What spans these:
 *
 * - open: first the three pointers (owner, device, index), then the session, in one script: that is the moment it opens.
 *   A pointer to a session that is missing is left out wherever it is followed; the owner runs out by itself, the device
 *   drops what is missing a minute later, the sweeper drops the hint. Last the device's active session is set: a crash
 *   before leaves the one before it.
 * - end: the session alone, in one script. After it the hint is removed, and the pointers are told to go when the record
 *   goes; when that fails the sweeper finds a session whose end was told, and does it then.
 * - expiry: as above. The session ends by its own time; the removal of the hint decides who names it.
 *
 * The directory is one hash slot, {directory}: names stay unique because one script sees all of them. It holds some
 * kilobytes a user and is asked about once per sign-in, so one Redis node is enough by orders of magnitude. Rate limits
 * are one slot as well, {rates}: a take of several keys is one script, and what is limited (sign-ins, mails) costs
 * the gateways a thousand times what it costs that node.
 *
 * Everything but the directory, API keys, counters and the format's version carries an expiry, so that nothing is left behind.
 */
import type { BusTarget } from '../../ports/node-bus.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import type { OneTimeKind } from '../../ports/one-time-store.js';
import type { DeviceId, ProjectId, SessionId, UserId, UserSessionId } from '../../protocol/ids.js';

export type Keys = ReturnType<typeof createKeys>;

/** `prefix` begins every key. A colon follows it, unless it ends in one. */
export function createKeys(prefix: string) {
  const all = prefix.endsWith(':') ? prefix : `${prefix}:`;
  const index = `${all}{index}`;
  const userSessions = `${all}{user-sessions}`;
  const directory = `${all}{directory}`;
  return {
    /**
     * In the order that lua/session.lua names them: the session's fields (hash); seats by user; users by token
     * ('' when revoked); users by index; users by when they joined (sorted set); users by when their window ends;
     * listed users per address, and users by wallet; bans and kicks by user, bans by wallet; freed indexes by time; rested indexes.
     */
    session: (id: SessionId): readonly string[] => {
      const base = `${all}relay:{${id}}`;
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
    /** The version of the stored data's format; see format.ts. On a cluster it has a slot of its own. */
    format: `${all}format`,
    /** Data of a gateway includes one of these keys, as long as the gateway runs, and in most cases for ever. */
    traces: [`${all}nodes`, `${all}keys`, `${all}signing-keys`, `${index}:positions`, `${directory}:positions`],
    /** Hash: a node's id to its lease and report. */
    nodes: `${all}nodes`,
    /** The channel of one node, or of all: see bus-transport.ts. The tag spreads the nodes over a cluster's shards. */
    busChannel: (target: BusTarget): string => `${all}bus:{${target}}`,
    /** Hash: a key's id to its record. */
    apiKeys: `${all}keys`,
    idempotency: (key: string): string => `${all}idempotency:{${key}}`,

    /** In the order that lua/user-session.lua names them. */
    sessionsOfUser: (id: UserId): readonly string[] => {
      const base = `${all}{user:${id}}`;
      return [`${base}:records`, `${base}:listing`, `${base}:active`, `${base}:kept`];
    },
    /** The user that a user session belongs to. */
    owner: (id: UserSessionId): string => `${all}owner:{${id}}`,
    /** Sorted sets of `<session id> <user id>`: the listing; when each is left out of it; when to look whether it is due. */
    userSessionIndex: [`${userSessions}:listing`, `${userSessions}:forgotten`, `${userSessions}:due`] as const,
    /** A device's fields (hash); its `<session id> <user id>` in order, and when each is forgotten (sorted sets). */
    client: (id: DeviceId): readonly string[] => {
      const base = `${all}{${id}}`;
      return [`${base}:fields`, `${base}:sessions`, `${base}:forgotten`];
    },

    /** Records by id, ids by name (hashes); ids by position (sorted set); a counter. */
    users: [`${directory}:users`, `${directory}:user-names`, `${directory}:user-listing`, `${directory}:positions`],
    organizations: [
      ...[`${directory}:organizations`, `${directory}:slugs`],
      ...[`${directory}:organization-listing`, `${directory}:positions`],
    ],
    templates: [`${directory}:templates`, `${directory}:template-names`],
    /** `<organization id> <user id>` to its record (hash). */
    memberships: `${directory}:memberships`,
    /** Their fields, and the same with the ids swapped, in the order of the text (sorted sets without scores). */
    membersByOrganization: `${directory}:by-organization`,
    membersByUser: `${directory}:by-user`,

    oneTime: (kind: OneTimeKind, name: string): string => `${all}once:${kind}:{${name}}`,
    rate: (key: string): string => `${all}{rates}:${key}`,
    signingKeys: `${all}signing-keys`,
    /** The first reply of a change made over keys that begin with `first`, in the same hash slot. */
    onceDone: (first: string, name: string): string => {
      const behind = first.slice(all.length);
      const tag = /\{([^}]+)\}/.exec(behind)?.[1] ?? first;
      return `${all}once-done:{${tag}}:${name}`;
    },
    /** Hash of one user's sockets. */
    userSockets: (id: UserId): string => `${all}sockets:{user:${id}}`,
  };
}

/** A member of the expiry set. Neither part has a space. */
export function expiryMember(id: SessionId, projectId: ProjectId): string {
  return `${id} ${projectId}`;
}

/** A pointer to a user session. Neither part has a space. */
export function userSessionMember(id: UserSessionId, userId: UserId): string {
  return `${id} ${userId}`;
}
