/**
 * Counts and limits sockets per user. A socket of a directory user takes a place in the store before its upgrade, and
 * gives it back when it is gone. This node renews its places every few seconds, because the store drops a place that
 * is not renewed. Without a limit, nothing is counted and the store is not called.
 */
import { json, object, text } from '../lib/shape.js';
import { Failure } from '../protocol/failure.js';
import { parseDirectoryUserId, type NodeId, type UserId } from '../protocol/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Log } from '../ports/log.js';
import { callKind, type NodeCalls } from '../ports/node-calls.js';
import type { ClientSocket } from '../ports/socket.js';
import type { UserSocket, UserSocketStore } from '../ports/user-socket-store.js';

export interface UserSocketsDeps {
  readonly store: UserSocketStore;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly calls: NodeCalls;
  readonly self: NodeId;
  readonly limit: {
    /** 0: no limit. */
    readonly max: number;
    readonly whenFull: 'reject_new' | 'replace_old';
  };
}

/**
 * One place of a user, for a handshake or a socket. Sockets of one seat share a place while they replace each other.
 */
export interface SocketPlace {
  /**
   * The handshake became this socket. False when a newer socket has taken the place; the handshake is then released.
   */
  occupy(socket: ClientSocket): boolean;
  /** The socket is gone. Idempotent. */
  leave(socket: ClientSocket): void;
  /** The handshake failed. */
  release(): void;
}

/** A newer socket of the user, at another node, has taken the place. */
const REPLACED = callKind('user_sockets.replaced', object({ socketId: text }), json);

const RENEW_EVERY_MS = 5000;
/**
 * A place that is not renewed lives this long: it allows for a slow node, and is how long a dead node holds its
 * places.
 */
const PLACE_TTL_MS = 20_000;
const SOCKET_ID_BYTES = 12;

export class UserSockets {
  private readonly places = new Map<string, Place>();
  private readonly bySeatName = new Map<string, Place>();
  private timer: Timer | null = null;
  /** When this node last named all its places to the store, in monotonic milliseconds. */
  private namedAtMs: number;

  constructor(private readonly deps: UserSocketsDeps) {
    this.namedAtMs = deps.clock.monotonicMs();
  }

  /**
   * Takes a place for one more socket; null where sockets are not counted. With `replace_old`, the user's oldest
   * sockets on this node are closed as replaced. Rejects with `too_many_sockets` or `store_unavailable`.
   */
  async take(userId: UserId, seatName: string | null): Promise<SocketPlace | null> {
    const { store, limit, crypto, self } = this.deps;
    if (limit.max === 0 || parseDirectoryUserId(userId) === null) return null;
    const shared = seatName === null ? undefined : this.bySeatName.get(seatName);
    if (shared?.isLost === false) return shared.share();
    const socketId = Buffer.from(crypto.randomBytes(SOCKET_ID_BYTES)).toString('base64url');
    const place = new Place({ userId, socketId, nodeId: self }, (gone) => this.forget(gone, seatName));
    // Add the place before the store knows it: the answer to a newer handshake may name it and arrive first.
    this.places.set(socketId, place);
    try {
      const result = await store.take(place.socket, limit, PLACE_TTL_MS);
      if (result.outcome === 'too_many_sockets') throw new Failure('too_many_sockets');
      for (const replaced of result.replaced) this.replace(replaced);
    } catch (error) {
      this.places.delete(socketId);
      throw error;
    }
    if (seatName !== null) this.bySeatName.set(seatName, place);
    return place;
  }

  /** From now on, closes the sockets of this node that other nodes replace. */
  serve(): void {
    this.deps.calls.serve(REPLACED, ({ socketId }) => {
      this.places.get(socketId)?.lose();
      return null;
    });
  }

  start(): void {
    if (this.deps.limit.max === 0) return;
    this.timer = this.deps.clock.after(RENEW_EVERY_MS, () => {
      this.start();
      this.renew().catch((error: unknown) => {
        this.logUnlessUnavailable(error);
      });
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** After an outage longer than the life of a place, the surviving sockets are counted again. */
  private async renew(): Promise<void> {
    const { store, clock, limit } = this.deps;
    const nowMs = clock.monotonicMs();
    const sockets = [...this.places.values()].filter(({ isLost }) => !isLost).map(({ socket }) => socket);
    const areForgotten = nowMs - this.namedAtMs >= PLACE_TTL_MS;
    if (areForgotten)
      await Promise.all(sockets.map((socket) => store.take(socket, { ...limit, max: 0 }, PLACE_TTL_MS)));
    else await store.renew(sockets, PLACE_TTL_MS);
    this.namedAtMs = nowMs;
  }

  /** The handshake does not wait for the other node: the new socket already has the place. */
  private replace({ socketId, nodeId }: UserSocket): void {
    const { calls, log, self } = this.deps;
    if (nodeId === self) this.places.get(socketId)?.lose();
    else {
      calls.ask(REPLACED, nodeId, { socketId }).catch((error: unknown) => {
        log.error('replaced_socket_not_closed', error, { at: nodeId });
      });
    }
  }

  private forget(place: Place, seatName: string | null): void {
    this.places.delete(place.socket.socketId);
    if (seatName !== null && this.bySeatName.get(seatName) === place) this.bySeatName.delete(seatName);
    if (place.isLost) return;
    // If this fails, the place is not renewed and the store drops it in time.
    this.deps.store.release(place.socket).catch((error: unknown) => {
      this.logUnlessUnavailable(error);
    });
  }

  private logUnlessUnavailable(error: unknown): void {
    if (Failure.is(error, 'store_unavailable')) return;
    this.deps.log.error('user_sockets_failed', error);
  }
}

class Place implements SocketPlace {
  /** Handshakes under way. */
  private pending = 1;
  private readonly occupants = new Set<ClientSocket>();
  /** A newer socket of the user took the place. */
  isLost = false;

  constructor(
    readonly socket: UserSocket,
    private readonly onEmpty: (place: Place) => void,
  ) {}

  share(): this {
    this.pending += 1;
    return this;
  }

  lose(): void {
    this.isLost = true;
    for (const occupant of [...this.occupants]) occupant.close('replaced');
  }

  occupy(socket: ClientSocket): boolean {
    if (this.isLost) {
      this.release();
      return false;
    }
    this.pending -= 1;
    this.occupants.add(socket);
    return true;
  }

  leave(socket: ClientSocket): void {
    if (this.occupants.delete(socket)) this.checkEmpty();
  }

  release(): void {
    this.pending -= 1;
    this.checkEmpty();
  }

  private checkEmpty(): void {
    if (this.pending === 0 && this.occupants.size === 0) this.onEmpty(this);
  }
}
