import { beforeEach, describe, expect, it } from 'vitest';
import { SessionSockets } from '../../../src/identity/session-socket.js';
import { encodeRelayFrame } from '../../../src/protocol/relay-frame.js';
import type { ServerControl } from '../../../src/protocol/server-control.js';
import { parseNodeId, parseUserId, parseUserSessionId } from '../../../src/protocol/ids.js';
import type { Metrics } from '../../../src/ports/metrics.js';
import type { ClientSocket, SocketHandler } from '../../../src/ports/socket.js';
import { RelayConnection, type RelayConnectionDeps } from '../../../src/relay/home/relay-connection.js';
import type { Member } from '../../../src/relay/room/member.js';
import { Heartbeats } from '../../../src/sockets/heartbeats.js';
import { Outlet } from '../../../src/relay/room/outlet.js';
import type { Room } from '../../../src/relay/room/room.js';
import { CountingPool } from '../../support/counting-pool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentMetrics } from '../../support/silent-metrics.js';
import { RecordingLog } from '../../support/silent-log.js';

/** Each look at it takes so long: a frame that is served begins and ends with one. */
class SlowClock extends ManualClock {
  frameMs = 2;

  override monotonicMs(): number {
    this.advance(this.frameMs);
    return super.monotonicMs();
  }
}

const PING = Buffer.from('{"type":"ping","t":1}');
const RELAYED = encodeRelayFrame({ deliveryClass: 2, ref: 7, payload: Uint8Array.of(1) });
const REST = {
  messagesPerS: 1000,
  bytesPerS: 0,
  heartbeatMs: 60_000,
  heartbeatTimeoutMs: 60_000,
  maxMessageBytes: 4096,
};

let clock: SlowClock;
let log: RecordingLog;
let metrics: Metrics;
let sent: ServerControl[];
let closedWith: string | null;
let relayed: number;

const socket: ClientSocket = {
  send: (frame) => {
    if (typeof frame === 'string') sent.push(JSON.parse(frame) as ServerControl);
    return true;
  },
  ping: () => undefined,
  close: (name) => (closedWith ??= name),
  bufferedBytes: () => 0,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  publishToOthers: () => undefined,
};

/** A member alone in its room; of both, what a connection asks of them. */
function relayConnection(workMsPerS: number): SocketHandler {
  const limits = { ...REST, workMsPerS };
  const members = new Map();
  const room = {
    id: 'room',
    hold: null,
    durable: null,
    host: { index: 0, term: 1 },
    members,
    append: () => (relayed += 1),
  };
  const owner = { onBehind: () => undefined, onCaughtUp: () => undefined, onDropped: () => undefined };
  const outletBounds = { softBytes: 1e6, hardBytes: 1e6, maxBehindMs: 1e6 };
  const slabs = new CountingPool(1024);
  const outlet = new Outlet(socket, 'room', owner, { outletBounds, tallies: metrics.tallies, clock, slabs });
  const deps: RelayConnectionDeps = {
    clock,
    metrics,
    log,
    limits,
    heartbeats: new Heartbeats(clock),
    rules: { maxMessageBytes: REST.maxMessageBytes, mayNumber: () => true },
    control: {
      handle: () => {
        outlet.send('{"type":"pong","t":1}');
        return Promise.resolve();
      },
    },
    departures: { socketLost: () => undefined },
  };
  return new RelayConnection(deps, room as unknown as Room, { index: 0, outlet } as unknown as Member, outlet);
}

function sessionSocket(workMsPerS: number): SocketHandler {
  const [node, userId] = [parseNodeId(`node_${'n'.repeat(16)}`), parseUserId('user')];
  const sessionId = parseUserSessionId(`sess_${'s'.repeat(27)}`);
  if (node === null || userId === null || sessionId === null) throw new Error('unreachable');
  const limits = { ...REST, workMsPerS };
  const watch = { begin: () => undefined, stop: () => undefined };
  const heartbeats = new Heartbeats(clock);
  const sockets = new SessionSockets({ clock, metrics, log, heartbeats, node, limits, maxBufferedBytes: 1e6 });
  return sockets.open({ userId, sessionId }, watch, socket);
}

beforeEach(() => {
  [clock, log, sent, closedWith, relayed] = [new SlowClock(), new RecordingLog(), [], null, 0];
  metrics = silentMetrics();
});

const errors = (): ServerControl[] => sent.filter(({ type }) => type === 'error');
const named = (): unknown[] => log.events.filter(({ event }) => event === 'connection_over_work').map((e) => e.fields);

describe.each([
  ['a relay socket', relayConnection, { session_id: 'room', member_index: 0 }],
  ['a session socket', sessionSocket, { user_session_id: `sess_${'s'.repeat(27)}` }],
] as const)('the work of %s', (_name, open, who) => {
  const frames: readonly (readonly [string, (handler: SocketHandler) => void])[] = [
    ['text', (handler) => handler.onText(PING)],
    ['text that is not JSON', (handler) => handler.onText(Buffer.from('[[['))],
    ['binary', (handler) => handler.onBinary(RELAYED)],
    ['pings', (handler) => handler.onAlive('ping')],
  ];

  it.each(frames)('LM8 A16 %s is refused once its time is used up, and the connection is named once', (_kind, send) => {
    const handler = open(20);
    for (let n = 0; n < 12; n += 1) send(handler);
    expect(errors().some((error) => error.type === 'error' && error.code === 'rate_limited')).toBe(true);
    expect(named()).toEqual([who]);
    expect(metrics.tallies.overWork).toBe(1);
  });

  it.each(frames)('LM8 LM2 the same %s passes with the budget off', (_kind, send) => {
    const handler = open(0);
    for (let n = 0; n < 12; n += 1) send(handler);
    expect(errors().some((error) => error.type === 'error' && error.code === 'rate_limited')).toBe(false);
    expect(named()).toEqual([]);
  });

  it('LM8 what is refused is not read, and costs no second look at the clock', () => {
    const handler = open(20);
    for (let n = 0; n < 12; n += 1) handler.onBinary(RELAYED);
    const [before, relayedBefore] = [sent.length, relayed];
    clock.frameMs = 0;
    handler.onBinary(RELAYED);
    handler.onText(PING);
    expect(relayed).toBe(relayedBefore);
    expect(sent.slice(before).map((frame) => frame.type === 'error' && frame.code)).toEqual([
      'rate_limited',
      'rate_limited',
    ]);
  });

  it('LM8 a connection that stays over its time is closed with 4100; one that waits is served again', () => {
    const patient = open(20);
    for (let n = 0; n < 12; n += 1) patient.onText(PING);
    clock.advance(1500);
    const before = errors().length;
    patient.onText(PING);
    expect(errors()).toHaveLength(before);
    expect(closedWith).toBeNull();
    const greedy = open(20);
    for (let n = 0; n < 20_000 && closedWith === null; n += 1) greedy.onText(PING);
    expect(closedWith).toBe('rate_limited');
    // Many were refused, and all of that is one episode of either.
    expect(named()).toEqual([who, who]);
  });
});

describe('the ref of a frame that is refused unread', () => {
  it('LM8 is in the error', () => {
    const handler = relayConnection(20);
    for (let n = 0; n < 12; n += 1) handler.onBinary(RELAYED);
    expect(errors().at(-1)).toMatchObject({ code: 'rate_limited', ref: 7 });
  });
});
