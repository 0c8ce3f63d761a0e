/** A home on a clock that a test moves, over a store on another: rooms, departures, the check and the doorway, without I/O. */
import { createMemoryStore } from '../../src/adapters/memory/memory-store.js';
import { createRelayCredentials } from '../../src/adapters/jose/relay-credentials.js';
import { systemCrypto } from '../../src/adapters/system/crypto.js';
import type { ConnectRequest } from '../../src/ports/connect.js';
import type { DurableLog } from '../../src/ports/durable-log.js';
import { emptyTallies, emptyTimings } from '../../src/ports/metrics.js';
import type { Placement } from '../../src/ports/placement.js';
import type { RelayStore } from '../../src/ports/relay-store.js';
import type { ClientSocket, SocketHandler } from '../../src/ports/socket.js';
import type { CloseName } from '../../src/protocol/close-codes.js';
import type { SessionId } from '../../src/protocol/ids.js';
import type { ServerControl } from '../../src/protocol/server-control.js';
import { Departures } from '../../src/relay/home/departures.js';
import { DurableRooms } from '../../src/relay/home/durable-rooms.js';
import { HomeCheck } from '../../src/relay/home/home-check.js';
import { Rooms } from '../../src/relay/home/rooms.js';
import { Greeter } from '../../src/relay/home/welcome.js';
import { RelayDoorway } from '../../src/relay/relay-doorway.js';
import { AutoWindow } from '../../src/relay/room/auto-window.js';
import { FlushSchedule } from '../../src/relay/room/flush-schedule.js';
import { MembersByUser } from '../../src/relay/room/members-by-user.js';
import { SlabPool } from '../../src/relay/room/slab-pool.js';
import { WaitingTotal } from '../../src/relay/room/waiting-total.js';
import type { Room } from '../../src/relay/room/room.js';
import { Heartbeats } from '../../src/sockets/heartbeats.js';
import * as f from '../contract/suites/fixtures.js';
import { loneNode } from './lone-node.js';
import { ManualClock } from './manual-clock.js';
import { silentLog } from './silent-log.js';
import { silentMetrics } from './silent-metrics.js';

const MAX_MESSAGE_BYTES = 4096;
const nothing = (): void => undefined;
const alone = (): never => {
  throw new Error('there is no other node');
};

/** A socket that remembers what it was sent. Frames to its topic reach it by way of the home. */
export class RecordingSocket implements ClientSocket {
  readonly frames: (string | Uint8Array)[] = [];
  readonly topics = new Set<string>();
  closedWith: CloseName | null = null;
  buffered = 0;
  onClose: () => void = () => undefined;

  constructor(private readonly home: HomeStage) {}

  send(frame: string | Uint8Array): boolean {
    if (this.closedWith === null) this.frames.push(typeof frame === 'string' ? frame : frame.slice());
    return this.buffered === 0;
  }

  ping(): void {
    this.frames.push('ping');
  }

  close(name: CloseName): void {
    if (this.closedWith !== null) return;
    this.closedWith = name;
    this.topics.clear();
    this.onClose();
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  publishToOthers(topic: string, frame: string | Uint8Array): void {
    this.home.publish(topic, frame, this);
  }

  /** The control frames it was sent, in order. */
  get controls(): readonly ServerControl[] {
    return this.frames.flatMap((frame) => (typeof frame === 'string' ? [JSON.parse(frame) as ServerControl] : []));
  }

  get types(): readonly string[] {
    return this.controls.map(({ type }) => type);
  }
}

export class HomeStage {
  readonly clock = new ManualClock();
  readonly storeClock = new ManualClock();
  private readonly memory = createMemoryStore({ clock: this.storeClock });
  readonly real: RelayStore = this.memory.relay;
  readonly realLog: DurableLog = this.memory.durableLog;
  isUp = true;
  holdsLease = true;
  /** Calls of the store that the test replaces. */
  readonly instead: Partial<RelayStore> = {};
  readonly insteadLog: Partial<DurableLog> = {};
  readonly waiting = new WaitingTotal({ maxRoomBytes: 4000, maxNodeBytes: 5000 });
  readonly departures: Departures;
  readonly rooms: Rooms;
  readonly homeCheck: HomeCheck;
  readonly doorway: RelayDoorway;
  readonly sockets: RecordingSocket[] = [];
  /** Bugs that the durable queues reported. */
  readonly failures: unknown[] = [];
  readonly membersByUser = new MembersByUser();

  constructor() {
    const { clock, storeClock } = this;
    const store: RelayStore = new Proxy(this.real, {
      get: (real, name: keyof RelayStore) => this.instead[name] ?? real[name].bind(real),
    });
    const durableLog: DurableLog = new Proxy(this.realLog, {
      get: (real, name: keyof DurableLog) => this.insteadLog[name] ?? real[name].bind(real),
    });
    const storeNowMs = (): number => storeClock.nowMs();
    const placement: Placement = {
      self: f.HERE,
      choose: () => null,
      find: () => null,
      nodes: () => [],
      reach: () => null,
      isGone: () => Promise.resolve(true),
      leaseHeld: () => this.holdsLease,
      storeNowMs,
      draining: () => false,
    };
    const log = silentLog;
    const tallies = emptyTallies();
    const departures = new Departures({ store, clock, log, self: f.HERE, storeNowMs });
    const watches = { watch: () => ({ begin: () => undefined, stop: () => undefined }) };
    this.departures = departures;
    const storeIsUp = (): boolean => this.isUp;
    const onFailure = (cause: unknown): void => {
      this.failures.push(cause);
    };
    const queue = { log: durableLog, clock, tallies, total: this.waiting, storeIsUp, onFailure };
    this.rooms = new Rooms({
      store,
      placement,
      crypto: systemCrypto(),
      departures,
      watches,
      durable: new DurableRooms({ queue, self: f.HERE, storeNowMs }),
      ledger: { note: () => Promise.resolve(), onClosed: () => undefined },
      tallies,
      calls: loneNode,
      room: {
        clock,
        tallies,
        timings: emptyTimings(),
        broadcaster: { publish: (topic, frame, except) => this.publish(topic, frame, except) },
        schedule: new FlushSchedule(clock, new AutoWindow(clock, { utilization: () => 0 }), nothing, nothing),
        replayBounds: { maxEntries: 10, maxBytes: 1000 },
        membersByUser: this.membersByUser,
        outletBounds: { softBytes: 1000, hardBytes: 10_000, maxBehindMs: 1000 },
        slabs: new SlabPool(1024, 1),
      },
    });
    const { rooms } = this;
    this.homeCheck = new HomeCheck({ store, rooms, departures, self: f.HERE, clock, log, tallies, storeIsUp });
    const rates = { messagesPerS: 0, bytesPerS: 0, workMsPerS: 0, heartbeatMs: 10_000, heartbeatTimeoutMs: 5_000 };
    const connections = {
      clock,
      log,
      metrics: silentMetrics(tallies),
      heartbeats: new Heartbeats(clock),
      limits: { ...rates, maxMessageBytes: MAX_MESSAGE_BYTES },
      rules: { maxMessageBytes: MAX_MESSAGE_BYTES, mayNumber: () => this.holdsLease },
      control: { handle: () => Promise.resolve() },
      departures,
    };
    const greeter = new Greeter({
      tallies,
      node: f.HERE,
      limits: { max_message_bytes: MAX_MESSAGE_BYTES, messages_per_s: 0, bytes_per_s: 0 },
      heartbeatMs: rates.heartbeatMs,
    });
    this.doorway = new RelayDoorway({
      store,
      rooms,
      placement,
      credentials: createRelayCredentials('a secret of these tests, long enough', clock),
      userSessions: { get: () => Promise.resolve(null) },
      watches,
      admissions: { rooms, departures, greeter, connections },
      farAdmissions: { rooms, departures, greeter, connections },
      satellites: { expect: alone, admissionAt: alone },
      calls: { ask: alone, askAll: alone, order: alone, announce: alone, serve: alone },
      crypto: systemCrypto(),
      question: { deadlineMs: 0, targetOf: () => null, ask: alone, recall: nothing },
      tallies,
    });
  }

  publish(topic: string, frame: string | Uint8Array, except: ClientSocket | null): void {
    for (const socket of this.sockets) if (socket !== except && socket.topics.has(topic)) socket.send(frame);
  }

  newSocket(): RecordingSocket {
    const socket = new RecordingSocket(this);
    this.sockets.push(socket);
    return socket;
  }

  /** A room of two listed users that are connected, and the pair of a third. */
  async roomOfTwo(change: Parameters<typeof f.newSession>[0] = {}): Promise<RoomOfTwo> {
    const { id, pairs } = await this.list(3, change);
    const [first, second, third] = pairs.map((pair) => f.sure(pair));
    const ann = await this.connect(f.sure(first));
    const ben = await this.connect(f.sure(second));
    return { room: f.sure(this.rooms.find(id)), ann, ben, pairs: [f.sure(first), f.sure(second), f.sure(third)] };
  }

  /** A room with a member that is away. */
  async open(ttlMs: number): Promise<Room> {
    const session = f.newSession({ ttlMs, resumeWindowMs: 10 * 3_600_000 });
    await this.real.create(session, []);
    const member = await f.joinMinted(this.real, session.id);
    await this.real.away(f.holdOf(session.id, member));
    const room = await this.rooms.open(session.id);
    this.rooms.release(room);
    return room;
  }

  /** Creates a session with so many listed users. */
  async list(users: number, change: Parameters<typeof f.newSession>[0] = {}): Promise<ListedSession> {
    const session = f.newSession(change);
    const seats = Array.from({ length: users }, () => f.newSeat());
    await this.real.create(session, seats);
    const head = `${session.id}.${String(session.authorizationToken)}`;
    return { id: session.id, pairs: seats.map(({ token }) => `${head}.${String(token)}`) };
  }

  /** Lets a credential in, as the door does. */
  async connect(credential: string, query: Record<string, string> = {}): Promise<Connected> {
    const admission = await this.doorway.admit(credential, handshake(query));
    const socket = this.newSocket();
    const handler = admission.open(socket);
    socket.onClose = () => handler.onClose(1000);
    return { socket, handler };
  }

  /** Both clocks, a quarter of a second at a time, so that what was asked is answered in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.storeClock.advance(250);
      this.clock.advance(250);
      await this.settle();
    }
  }

  /** Resolves when every call to the store has its answer. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  isLive(id: SessionId): boolean {
    return this.rooms.find(id) !== null;
  }
}

export interface Connected {
  readonly socket: RecordingSocket;
  readonly handler: SocketHandler;
}

export interface RoomOfTwo {
  readonly room: Room;
  readonly ann: Connected;
  readonly ben: Connected;
  readonly pairs: readonly [string, string, string];
}

/** A session that lists users, each with the pair that opens its seat. */
export interface ListedSession {
  readonly id: SessionId;
  readonly pairs: readonly string[];
}

export function handshake(query: Record<string, string> = {}): ConnectRequest {
  return {
    requestId: 'r',
    query: new URLSearchParams(query),
    authorization: null,
    protocols: [],
    origin: null,
    host: null,
    remoteAddress: f.ADDRESS,
    client: null,
  };
}
