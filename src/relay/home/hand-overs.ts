/**
 * The old home's side of a hand-over. The room stops taking frames, another node takes it over with its epoch and replay
 * window, and only then its sockets are told to go there and are closed. When no node takes it, its sockets are closed
 * without a new address, and the next node that needs the session claims it. A room that was frozen never goes on here:
 * the other node may have taken it although its answer was lost.
 */
import { randomBase62 } from '../../lib/base62.js';
import { connectLink } from '../../protocol/connect-link.js';
import type { NodeId, SessionId } from '../../protocol/ids.js';
import { encodeControl } from '../../protocol/server-control.js';
import type { Clock } from '../../ports/clock.js';
import type { Crypto } from '../../ports/crypto.js';
import type { Log } from '../../ports/log.js';
import type { Tallies } from '../../ports/metrics.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { NodeRecord } from '../../ports/node-store.js';
import type { Placement } from '../../ports/placement.js';
import type { RelayStore } from '../../ports/relay-store.js';
import type { Room } from '../room/room.js';
import { packRoom } from './carried-room.js';
import { HAND_OVER, MOVE_HERE } from './hand-over-calls.js';
import { LateFrames } from './late-frames.js';
import type { Rooms } from './rooms.js';

export interface HandOversDeps {
  readonly store: Pick<RelayStore, 'get'>;
  readonly rooms: Rooms;
  readonly placement: Pick<Placement, 'self' | 'choose' | 'find' | 'nodes' | 'draining'>;
  readonly calls: NodeCalls;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly tallies: Tallies;
}

interface HandOver {
  /** Resolves when the session has its new home, or when nobody took it. */
  readonly decided: Promise<void>;
  /** Resolves when the room's sockets are closed, too. */
  readonly over: Promise<void>;
}

/** A node under load may take a session after the second that its answer is waited for. */
const LATE_ANSWER_MS = 5000;
const LOOK_EVERY_MS = 100;
/** How many nodes are asked, one after the other. */
const MOST_ASKED = 2;
/** An append to a durable session's log has its answer within a second. */
const STORED_WITHIN_MS = 1500;
/** The first socket is closed this long after its `goaway`. The SDK sends nothing in that time. */
const NOTICE_MS = 50;
/** How much longer a socket stays open for frames that its client sent before it knew. */
const LAST_FRAMES_WITHIN_MS = 1500;

export class HandOvers {
  private readonly running = new Map<Room, HandOver>();

  constructor(private readonly deps: HandOversDeps) {}

  /** Answers nodes that need a session of this draining node. */
  serve(): void {
    const { calls, placement, rooms } = this.deps;
    calls.serve(MOVE_HERE, async ({ sessionId }, from) => {
      if (!placement.draining()) return 'kept';
      const room = rooms.find(sessionId);
      if (room === null) return 'free';
      await this.handOver(room, 0, from).decided;
      return 'moved';
    });
  }

  /**
   * Hands the room over and closes its sockets one after the other within about `spreadMs`. `asker` is asked first; null:
   * the node that placement chooses. Its promises never reject. Idempotent.
   */
  handOver(room: Room, spreadMs: number, asker: NodeId | null): HandOver {
    const running = this.running.get(room);
    if (running !== undefined) return running;
    const hold = new LateFrames(this.deps, room.id);
    room.freeze(hold);
    const home = this.move(room, hold, asker);
    const over = home
      .then((record) => this.closeSockets(room, hold, record, spreadMs))
      .catch((error: unknown) => {
        this.deps.log.error('moved_sockets_not_closed', error, { session_id: room.id });
      })
      .then(() => {
        this.deps.rooms.closeAside(room);
        this.running.delete(room);
      });
    const begun = { decided: home.then(() => undefined), over };
    this.running.set(room, begun);
    return begun;
  }

  private async move(room: Room, hold: LateFrames, asker: NodeId | null): Promise<NodeRecord | null> {
    const { rooms, clock, tallies, log } = this.deps;
    const startedMs = clock.monotonicMs();
    const home = await this.findHome(room, asker).catch((error: unknown) => {
      log.error('hand_over_failed', error, { session_id: room.id });
      return null;
    });
    rooms.setAside(room);
    if (home === null) hold.refuse();
    else hold.moved(home.id);
    if (home === null) tallies.handOversFailed += 1;
    else tallies.handOvers += 1;
    tallies.handOverMs += clock.monotonicMs() - startedMs;
    if (home === null) log.warn('session_not_handed_over', { session_id: room.id });
    else log.debug('session_handed_over', { session_id: room.id, to: home.id });
    return home;
  }

  private async findHome(room: Room, asker: NodeId | null): Promise<NodeRecord | null> {
    const { clock, placement } = this.deps;
    if (!(await this.untilStored(room))) return null;
    const parts = packRoom(room, clock.monotonicMs());
    const asked = new Set<NodeId>();
    for (let n = 0; n < MOST_ASKED; n += 1) {
      const first = asker === null || asked.has(asker) ? null : placement.find(asker);
      const next = first ?? placement.choose(room.session.filters, asked);
      if (next === null) return null;
      asked.add(next.id);
      const answer = await this.offer(room.id, parts, next.id);
      if (answer === 'yes') return next;
      const home = await this.homeAfter(room.id, answer === 'none' ? next.id : null);
      if (home !== placement.self) return home === null ? null : placement.find(home);
    }
    return null;
  }

  /** Entries of a durable session that were accepted are released first. Returns false when the store takes too long. */
  private async untilStored(room: Room): Promise<boolean> {
    const { clock } = this.deps;
    const untilMs = clock.monotonicMs() + STORED_WITHIN_MS;
    while (room.durable?.isIdle === false) {
      if (clock.monotonicMs() > untilMs) return false;
      await this.pause(1);
    }
    return true;
  }

  /**
   * The home that the store names after an offer without success: the answer was lost, or another node was faster.
   * `slow`: the node that did not answer. While its lease is held it may still take the session, so it gets some time.
   */
  private async homeAfter(id: SessionId, slow: NodeId | null): Promise<NodeId | null> {
    const { store, placement, clock } = this.deps;
    const untilMs = clock.monotonicMs() + LATE_ANSWER_MS;
    for (;;) {
      const home = (await store.get(id, 'all'))?.session.homeNodeId ?? null;
      const mayCome = slow !== null && placement.find(slow) !== null && clock.monotonicMs() < untilMs;
      if (home !== placement.self || !mayCome) return home;
      await this.pause(LOOK_EVERY_MS);
    }
  }

  private async offer(sessionId: SessionId, parts: readonly string[], to: NodeId): Promise<'yes' | 'no' | 'none'> {
    const { calls, crypto, log } = this.deps;
    const transfer = randomBase62(crypto, 8);
    try {
      for (const [part, text] of parts.entries()) {
        const answer = await calls.ask(HAND_OVER, to, { sessionId, transfer, part, parts: parts.length, text });
        if (answer === 'no') return 'no';
      }
      return 'yes';
    } catch (error) {
      log.warn('hand_over_not_answered', { session_id: sessionId, to, error: String(error) });
      return 'none';
    }
  }

  /** Tells every socket when it will be closed and where its session is, and closes each at its time. */
  private async closeSockets(room: Room, hold: LateFrames, home: NodeRecord | null, spreadMs: number): Promise<void> {
    const url = home === null ? {} : { url: connectLink(home.publicUrl) };
    const connected = [...room.members.values()].filter(({ outlet }) => outlet !== null);
    const closes = connected.map(async ({ index, outlet }, n) => {
      const afterMs = NOTICE_MS + Math.floor((n * spreadMs) / connected.length);
      outlet?.send(encodeControl({ type: 'goaway', reason: 'shutdown', after_ms: afterMs, ...url }));
      // The answer to the ping comes after all that the client sent before it knew.
      outlet?.ping();
      await this.pause(afterMs);
      await Promise.race([hold.untilHeard(index), this.pause(LAST_FRAMES_WITHIN_MS)]);
      await hold.settled();
      outlet?.close('going_away');
    });
    await Promise.all(closes);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.deps.clock.after(ms, resolve);
    });
  }
}
