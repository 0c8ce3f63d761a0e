/** Two nodes in one process, joined by a bus that a test makes lossy, on a clock that a test moves. */
import { MemoryBusHub } from '../../src/adapters/memory/bus-transport.js';
import { NumberedBus } from '../../src/cluster/bus/numbered-bus.js';
import { Links } from '../../src/cluster/links/links.js';
import { FarTopics } from '../../src/cluster/satellites/far-topics.js';
import { HomeEnd } from '../../src/cluster/satellites/home-end.js';
import { LinkedSatellites } from '../../src/cluster/satellites/linked-satellites.js';
import { SatelliteBroadcaster } from '../../src/cluster/satellites/satellite-broadcaster.js';
import { SatelliteEnd } from '../../src/cluster/satellites/satellite-end.js';
import type { Admission } from '../../src/ports/connect.js';
import { emptyTallies } from '../../src/ports/metrics.js';
import type { NodeBus } from '../../src/ports/node-bus.js';
import type { Uplink } from '../../src/ports/satellites.js';
import type { Broadcaster, ClientSocket, SocketHandler } from '../../src/ports/socket.js';
import type { CloseName } from '../../src/protocol/close-codes.js';
import { parseNodeId, parseUserId, type NodeId } from '../../src/protocol/ids.js';
import { ManualClock } from './manual-clock.js';
import { silentLog } from './silent-log.js';

export const SOFT_BYTES = 4096;
export const HARD_BYTES = 16_384;

function sure<T>(value: T | null): T {
  if (value === null) throw new Error('it must be there');
  return value;
}

const USER = sure(parseUserId('user_0123456789abcdef'));

/** A socket of the satellite that remembers what it was sent. */
export class FakeSocket implements ClientSocket {
  readonly frames: (string | Uint8Array)[] = [];
  readonly topics = new Set<string>();
  closedWith: CloseName | null = null;
  buffered = 0;
  handler: SocketHandler | null = null;

  send(frame: string | Uint8Array): boolean {
    this.frames.push(typeof frame === 'string' ? frame : frame.slice());
    return this.buffered === 0;
  }

  ping(): void {
    this.frames.push('ping');
  }

  close(name: CloseName): void {
    if (this.closedWith !== null) return;
    this.closedWith = name;
    this.handler?.onClose(1006);
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

  publishToOthers(): void {
    throw new Error('only the engine publishes');
  }
}

/** The connection of a forwarded socket, without limits. */
function forwardAll(uplink: Uplink): SocketHandler {
  return {
    onText: (bytes) => uplink.text(bytes),
    onBinary: (bytes) => uplink.binary(bytes),
    onAlive: () => {
      uplink.alive();
    },
    onDrain: () => {
      uplink.drained();
    },
    onClose: () => {
      uplink.closed();
    },
  };
}

/** Everything that the home's side of one socket saw. */
export class HomeSeat implements Admission {
  readonly userId = USER;
  readonly seatName = 'a seat';
  readonly texts: string[] = [];
  socket: ClientSocket | null = null;
  drains = 0;
  pongs = 0;
  closes = 0;
  abandoned = 0;

  open(socket: ClientSocket): SocketHandler {
    this.socket = socket;
    return {
      onText: (bytes) => this.texts.push(Buffer.from(bytes).toString()),
      onBinary: (bytes) => this.texts.push(`binary ${Buffer.from(bytes).toString()}`),
      onAlive: () => (this.pongs += 1),
      onDrain: () => (this.drains += 1),
      onClose: () => (this.closes += 1),
    };
  }

  abandon(): void {
    this.abandoned += 1;
  }
}

class LinkedNode {
  readonly tallies = emptyTallies();
  readonly sockets: FakeSocket[] = [];
  readonly links: Links;
  readonly homeEnd: HomeEnd;
  readonly satelliteEnd: SatelliteEnd;
  readonly satellites: LinkedSatellites;
  readonly broadcaster: SatelliteBroadcaster;

  constructor(
    readonly id: NodeId,
    readonly bus: NodeBus,
    clock: ManualClock,
    isLive: (node: NodeId) => boolean,
  ) {
    const { tallies } = this;
    const local: Broadcaster = {
      publish: (topic, frame, except) => {
        for (const socket of this.sockets) if (socket !== except && socket.topics.has(topic)) socket.send(frame);
      },
    };
    const farTopics = new FarTopics();
    this.links = new Links({ bus, clock, log: silentLog, tallies, isLive });
    this.homeEnd = new HomeEnd({ clock, log: silentLog, farTopics });
    this.satelliteEnd = new SatelliteEnd({
      clock,
      tallies,
      broadcaster: local,
      bounds: { softBytes: SOFT_BYTES, hardBytes: HARD_BYTES },
      forward: (_socket, uplink) => forwardAll(uplink),
      connectUrl: () => `ws://${id}/v1/connect`,
    });
    const { links, homeEnd, satelliteEnd } = this;
    this.satellites = new LinkedSatellites({ links, homeEnd, satelliteEnd });
    this.broadcaster = new SatelliteBroadcaster(local, farTopics);
  }
}

export class LinkedNodes {
  readonly clock = new ManualClock();
  readonly dead = new Set<NodeId>();
  /** Whether the bus loses this envelope. */
  loses: (envelope: Uint8Array) => boolean = () => false;
  readonly home: LinkedNode;
  readonly satellite: LinkedNode;

  private constructor() {
    const hub = new MemoryBusHub(this.clock);
    const nodeOf = (name: string): LinkedNode => {
      const self = sure(parseNodeId(name));
      const transport = hub.transportOf(self);
      const lossy = {
        ...transport,
        send: (...[to, envelope]: Parameters<typeof transport.send>) => {
          if (!this.loses(envelope)) transport.send(to, envelope);
        },
      };
      const bus = new NumberedBus({
        self,
        transport: lossy,
        clock: this.clock,
        log: silentLog,
        tallies: emptyTallies(),
      });
      return new LinkedNode(self, bus, this.clock, (node) => !this.dead.has(node));
    };
    this.home = nodeOf('node_homehomehomehome');
    this.satellite = nodeOf('node_farfarfarfarfarf');
  }

  static async start(): Promise<LinkedNodes> {
    const nodes = new LinkedNodes();
    for (const { bus, links, satelliteEnd } of [nodes.home, nodes.satellite]) {
      await bus.start();
      links.start();
      satelliteEnd.start();
    }
    return nodes;
  }

  /** A socket of the satellite whose home has admitted it. */
  async connect(): Promise<{ readonly seat: HomeSeat; readonly socket: FakeSocket; readonly far: ClientSocket }> {
    const seat = new HomeSeat();
    const socket = this.open(this.home.satellites.expect(this.satellite.id, seat));
    await this.pass(100);
    return { seat, socket, far: sure(seat.socket) };
  }

  /** The satellite's socket comes for this number. */
  open(number: number): FakeSocket {
    const socket = new FakeSocket();
    this.satellite.sockets.push(socket);
    const seat = { socket: number, userId: USER, seatName: null };
    socket.handler = this.satellite.satellites.admissionAt(this.home.id, seat).open(socket);
    return socket;
  }

  /** Moves the clock in steps of 25 ms, so that what was sent arrives in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 25) {
      await this.settle();
      this.clock.advance(25);
    }
    await this.settle();
  }

  private async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
