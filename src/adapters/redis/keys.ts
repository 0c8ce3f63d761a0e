/**
 * Every Redis key is built here.
 *
 * All keys of one relay session share the hash tag of its partition, {p0} to {p63} (partitions.ts), so one script on one
 * Redis node makes each transition of a session and writes its events; see docs/adr/0023-events.md. The keys that find
 * sessions (listings, expiry) share the tag {index}. Three transitions touch both tags and are safe without a
 * transaction:
 *
 * - create: the session first, then the index, each by a script that can be repeated. A crash in between leaves a
 *   session that works, is in no listing, and disappears when its keys expire (every session key has an expiry).
 *   Listings leave out an index entry whose session is missing, and the sweeper removes the entry.
 * - end: the session first, in one script, which is the moment it ends. Then the index. If that fails, listings leave
 *   the entry out, and the sweeper removes it when it would have been due.
 * - expiry: the index holds a hint, the session the truth. A longer life changes only the session: the sweeper finds
 *   the hint early, asks the session and puts the hint back. A shorter life lowers the hint as well. If that fails,
 *   every method still treats the session as expired on time; only the sweep is late.
 *
 * The sweeper claims due hints for a while instead of removing them. It removes the session, then the hint. If the
 * sweeper dies in between, its claim runs out. The caller that removes the hint is the one that reports the session.
 *
 * User sessions work the same way. All sessions of a user share the tag of the user's partition, so that limits and "end
 * all of them" are one script. Four other kinds of keys have other tags: the owner of a session (one key per session),
 * the device that lists it, {user-sessions}, which finds sessions of all users, and for a session with an actor that
 * user's list of sessions acted through. These transitions span the tags:
 *
 * - open: the pointers (owner, device, index, actor) first, then the session, in one script, which is the moment it
 *   opens. Readers skip a pointer to a missing session. The owner key expires, the device drops the pointer after
 *   a minute, and the sweeper drops the hint. Last, the device gets its new active session; a crash before this step
 *   leaves the previous one active.
 * - end: only the session, in one script. Then the hint is removed, and the pointers get the expiry of the record. If
 *   that fails, the sweeper later finds a session whose end a caller knows, and does it then.
 * - expiry: as above. The session ends at its own time, and the caller that removes the hint reports it.
 *
 * The directory is one hash slot, {directory}: names stay unique because one script sees all of them. It holds a few
 * kilobytes per user and gets about one call per sign-in, so one Redis node is enough by orders of magnitude. Rate
 * limits are one slot as well, {rates}: one script takes from several keys. The limited actions (sign-ins, mails) cost
 * the gateways a thousand times what they cost that Redis node.
 *
 * The feed of a partition has the tag of the partition; the feed of the directory's changes has the tag {directory}. The
 * logs of projects and of the deployment share the tag {logs}: the deployment's log gets every event anyway, so another
 * slot for each project would save that Redis node less than half of its work.
 *
 * Every key has an expiry, so that nothing is left behind, except for the directory, API keys, webhook endpoints,
 * feeds and their owners, counters and the format version.
 */
import type { BusTarget } from '../../ports/node-bus.js';
import type { ProjectScope } from '../../ports/relay-session.js';
import type { OneTimeKind } from '../../ports/one-time-store.js';
import type { DeviceId, NodeId, ProjectId, SessionId, UserId, UserSessionId } from '../../protocol/ids.js';
import { DIRECTORY_PARTITION, partitionOf } from './partitions.js';

export type Keys = ReturnType<typeof createKeys>;

/** Every key begins with `prefix` and a colon; a prefix that already ends in a colon gets no second one. */
export function createKeys(prefix: string) {
  const all = prefix.endsWith(':') ? prefix : `${prefix}:`;
  const index = `${all}{index}`;
  const userSessions = `${all}{user-sessions}`;
  const directory = `${all}{directory}`;
  const logs = `${all}{logs}`;
  const ofPartition = (partition: number, name: string): string =>
    partition === DIRECTORY_PARTITION ? `${directory}:${name}` : `${all}{p${String(partition)}}:${name}`;
  const ofSession = (id: SessionId): string => `${all}relay:{p${String(partitionOf(id))}}:${id}`;
  const ofUser = (id: UserId): string => `${all}user:{p${String(partitionOf(id))}}:${id}`;
  const webhooks = `${all}{webhooks}`;
  /** The text that decides a key's hash slot. */
  const tagOf = (key: string): string => /\{([^}]+)\}/.exec(key.slice(all.length))?.[1] ?? key;
  return {
    /**
     * In the order of lua/session.lua: the session's fields (hash); seats by user; users by token ('' when revoked);
     * users by index; users by join time (sorted set); users by the end of their resume window; the number of listed
     * users per address, and users by wallet; bans and kicks by user, bans by wallet; freed indexes by time; rested
     * indexes.
     */
    session: (id: SessionId): readonly string[] => {
      const base = ofSession(id);
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
    /**
     * The stream of a durable session's log. Scripts that remove or prolong the session get it behind the others. Its
     * writer and its newest number are among the session's fields.
     */
    sessionLog: (id: SessionId): string => `${ofSession(id)}:log`,
    /** The list of a session's events; the feed of its partition, and who owns the feed; in the order of the scripts. */
    sessionEvents: (id: SessionId): readonly string[] => {
      const partition = partitionOf(id);
      return [`${ofSession(id)}:events`, ofPartition(partition, 'feed'), ofPartition(partition, 'owner')];
    },
    /** The feed of a user's sessions, and who owns it. */
    userFeed: (id: UserId): readonly string[] => {
      const partition = partitionOf(id);
      return [ofPartition(partition, 'feed'), ofPartition(partition, 'owner')];
    },
    directoryFeed: [ofPartition(DIRECTORY_PARTITION, 'feed'), ofPartition(DIRECTORY_PARTITION, 'owner')] as const,
    /**
     * Hash from the name of a log to its newest position, and from a partition to the newest entry of its feed that is
     * in the logs. The logs of projects and of the deployment: streams whose ids begin with the position.
     */
    logs: `${logs}:newest`,
    log: (name: string): string => `${logs}:${name}`,
    /** The stream of events of one partition that the dispatcher has not handled; who owns it, and its epoch (hash). */
    feed: (partition: number): string => ofPartition(partition, 'feed'),
    feedOwner: (partition: number): string => ofPartition(partition, 'owner'),
    /** In the order of lua/deliveries.lua. */
    deliveries: (partition: number): readonly string[] => {
      const own = ['records', 'bodies', 'states', 'ready', 'targets', 'lanes', 'ages', 'dead', 'graves', 'counters'];
      return ['owner', 'feed', ...own.map((name) => `deliveries:${name}`)].map((name) => ofPartition(partition, name));
    },
    /** In the order of lua/endpoint-put.lua. */
    endpoints: [`${webhooks}:endpoints`, `${webhooks}:owners`, `${webhooks}:revision`] as const,
    /** Counts created sessions; a session's number is its score in listings. */
    positions: `${index}:positions`,
    listing: (scope: ProjectScope): string => (scope === 'all' ? `${index}:everybody` : `${index}:project:${scope}`),
    /** Sorted set of `<session id> <project id>`, scored by when to check whether the session has expired. */
    expiry: `${index}:expiry`,
    /** Hash from a node with rooms to when it last noted one. */
    homes: `${index}:homes`,
    /** Sorted set of the sessions with a room at the node, scored by when the next caller may claim each. */
    roomsOf: (home: NodeId): string => `${index}:rooms:${home}`,
    /** The format version of the stored data; see format.ts. On a cluster it has its own slot. */
    format: `${all}format`,
    /** At least one of these keys exists while a gateway runs, and in most cases forever. */
    traces: [`${all}nodes`, `${all}keys`, `${all}signing-keys`, `${index}:positions`, `${directory}:positions`],
    /** Hash from a node's id to its lease and report. */
    nodes: `${all}nodes`,
    /** The channel of one node, or of all nodes; see bus-transport.ts. The tag spreads the channels over the shards. */
    busChannel: (target: BusTarget): string => `${all}bus:{${target}}`,
    /** All of them, as the pattern of an ACL rule. */
    busChannels: `${all}bus:*`,
    /** Hash from a key's id to its record. */
    apiKeys: `${all}keys`,
    idempotency: (key: string): string => `${all}idempotency:{${key}}`,

    /** In the order of lua/user-session.lua. */
    sessionsOfUser: (id: UserId): readonly string[] => {
      const base = ofUser(id);
      return [`${base}:records`, `${base}:listing`, `${base}:active`, `${base}:kept`];
    },
    /** Sorted set of `<session id> <user id>`, scored by the end of their lifetimes: sessions that the user acts through. */
    acting: (actorId: UserId): string => `${ofUser(actorId)}:acting`,
    /** The user that a user session belongs to. */
    owner: (id: UserSessionId): string => `${all}owner:{${id}}`,
    /** Sorted sets of `<session id> <user id>`: by position; by when the listing drops it; by when to check it. */
    userSessionIndex: [`${userSessions}:listing`, `${userSessions}:forgotten`, `${userSessions}:due`] as const,
    /** A device's fields (hash); its `<session id> <user id>` in order, and by when each is forgotten (sorted sets). */
    client: (id: DeviceId): readonly string[] => {
      const base = `${all}{${id}}`;
      return [`${base}:fields`, `${base}:sessions`, `${base}:forgotten`];
    },

    /** Records by id and ids by name (hashes), ids by position (sorted set), the position counter. */
    users: [`${directory}:users`, `${directory}:user-names`, `${directory}:user-listing`, `${directory}:positions`],
    organizations: [
      ...[`${directory}:organizations`, `${directory}:slugs`],
      ...[`${directory}:organization-listing`, `${directory}:positions`],
    ],
    templates: [`${directory}:templates`, `${directory}:template-names`],
    /** Hash from `<organization id> <user id>` to the record. */
    memberships: `${directory}:memberships`,
    /** The field names of that hash, and the same with swapped ids, in text order (sorted sets without scores). */
    membersByOrganization: `${directory}:by-organization`,
    membersByUser: `${directory}:by-user`,

    oneTime: (kind: OneTimeKind, name: string): string => `${all}once:${kind}:{${name}}`,
    rate: (key: string): string => `${all}{rates}:${key}`,
    signingKeys: `${all}signing-keys`,
    /** Keeps the first reply of a change whose first key is `first`, in the same hash slot. */
    onceDone: (first: string, name: string): string => `${all}once-done:{${tagOf(first)}}:${name}`,
    /** A key in the same hash slot as `first` whose value means nothing; see write-refusal.ts and rights.ts. */
    scratch: (first: string): string => `${all}scratch:{${tagOf(first)}}`,
    /** One key of each kind, to find out which kinds an ACL user has no right to; see rights.ts. Nothing is stored there. */
    kinds: [
      ...[`${all}nodes`, `${all}keys`, `${all}signing-keys`, `${all}format`],
      ...['relay:{any}:any', '{index}:any', 'idempotency:{any}', 'once-done:{any}:any'].map((name) => all + name),
      ...['user:{any}:any', 'owner:{any}', '{user-sessions}:any', '{client_any}:any'].map((name) => all + name),
      ...['{directory}:any', 'once:any:{any}', '{rates}:any', 'sockets:{user:any}'].map((name) => all + name),
      ...['{pany}:any', '{logs}:any', '{webhooks}:any'].map((name) => all + name),
    ],
    /** Hash of a user's sockets. */
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
