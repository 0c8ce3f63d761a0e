import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBuffered, FROM_SATELLITE } from '../../../src/cluster/satellites/messages.js';
import { HARD_BYTES, HomeSeat, LinkedNodes, SOFT_BYTES } from '../../support/linked-nodes.js';

const BEAT_KIND = 2;
const isBeat = (envelope: Uint8Array): boolean => envelope[1] === BEAT_KIND;
const text = (value: string): Uint8Array => Buffer.from(value);

describe('the link of a home and a satellite', () => {
  let nodes: LinkedNodes;

  beforeEach(async () => {
    nodes = await LinkedNodes.start();
  });

  afterEach(async () => {
    await Promise.all([nodes.home.bus.stop(), nodes.satellite.bus.stop()]);
  });

  it('SA2 carries frames both ways in the order of sending', async () => {
    const { seat, socket, far } = await nodes.connect();
    far.subscribe('room');
    far.send('alone');
    nodes.home.broadcaster.publish('room', 'to all', null);
    far.unsubscribe('room');
    nodes.home.broadcaster.publish('room', 'after it left', null);
    far.send(Uint8Array.of(1, 2));
    socket.handler?.onText(text('hello'));
    socket.handler?.onBinary(text('bytes'));
    await nodes.pass(50);
    expect(socket.frames).toEqual(['alone', 'to all', Uint8Array.of(1, 2)]);
    expect(seat.texts).toEqual(['hello', 'binary bytes']);
  });

  it('SA7 publishes once for all sockets of a satellite, and leaves out the socket that it names', async () => {
    const one = await nodes.connect();
    const two = await nodes.connect();
    one.far.subscribe('room');
    two.far.subscribe('room');
    await nodes.pass(100);
    const before = nodes.home.tallies.linkSegmentsOut;
    nodes.home.broadcaster.publish('room', 'to all', null);
    nodes.home.broadcaster.publish('room', 'to others', one.far);
    await nodes.pass(100);
    expect(nodes.home.tallies.linkSegmentsOut - before).toBe(1);
    expect(one.socket.frames).toEqual(['to all']);
    expect(two.socket.frames).toEqual(['to all', 'to others']);
  });

  it.each([2, 3, 7])('SA10 loses nothing and repeats nothing while the bus loses every %i. message', async (nth) => {
    const { seat, socket, far } = await nodes.connect();
    let n = 0;
    nodes.loses = (envelope) => !isBeat(envelope) && (n += 1) % nth === 0;
    const sent = Array.from({ length: 100 }, (_, i) => `frame ${String(i)}`);
    for (const frame of sent) {
      far.send(frame);
      socket.handler?.onText(text(frame));
      await nodes.pass(25);
    }
    nodes.loses = () => false;
    await nodes.pass(5_000);
    expect(socket.frames).toEqual(sent);
    expect(seat.texts).toEqual(sent);
    expect(socket.closedWith).toBeNull();
    expect(nodes.home.tallies.linkSegmentsResent).toBeGreaterThan(0);
  });

  it('SA10 control: the bus alone loses what the link repairs', async () => {
    const got: string[] = [];
    nodes.satellite.bus.onMessage((_from, bytes) => got.push(Buffer.from(bytes).toString()));
    let n = 0;
    nodes.loses = (envelope) => !isBeat(envelope) && (n += 1) % 2 !== 0;
    for (let i = 0; i < 10; i += 1) {
      nodes.home.bus.send(nodes.satellite.id, text(String(i)));
      await nodes.pass(25);
    }
    expect(got.length).toBeLessThan(10);
  });

  it('SA10 repairs the loss of the last message, though nothing follows it', async () => {
    const { socket, far } = await nodes.connect();
    nodes.loses = (envelope) => !isBeat(envelope);
    far.send('the last');
    await nodes.pass(25);
    nodes.loses = () => false;
    await nodes.pass(600);
    expect(socket.frames).toEqual(['the last']);
  });

  it('SA11 begins anew when too much is unconfirmed: the satellite closes with 4201, the home hears the loss', async () => {
    const { seat, socket, far } = await nodes.connect();
    nodes.loses = () => true;
    for (let sent = 0; sent <= 8; sent += 1) {
      far.send(new Uint8Array(1024 * 1024));
      await nodes.pass(25);
    }
    expect(seat.closes).toBe(1);
    expect(socket.closedWith).toBeNull();
    nodes.loses = () => false;
    await nodes.pass(1_000);
    expect(socket.closedWith).toBe('moved');
    const next = await nodes.connect();
    next.far.send('a new run');
    await nodes.pass(100);
    expect(next.socket.frames).toEqual(['a new run']);
  });

  it('SA12 refuses to forward while the home confirms nothing for 2 s, and forwards again afterwards', async () => {
    const { seat, socket } = await nodes.connect();
    nodes.loses = () => true;
    socket.handler?.onText(text('waits'));
    await nodes.pass(1_900);
    socket.handler?.onText(text('waits too'));
    await nodes.pass(200);
    socket.handler?.onText(text('refused'));
    expect(nodes.satellite.tallies.framesNotForwarded).toBe(1);
    nodes.loses = () => false;
    await nodes.pass(5_000);
    socket.handler?.onText(text('again'));
    await nodes.pass(100);
    expect(seat.texts).toEqual(['waits', 'waits too', 'again']);
    expect(socket.closedWith).toBeNull();
  });

  it('SA9 takes the sockets of a node for lost when the node is dead', async () => {
    const { seat, socket } = await nodes.connect();
    await nodes.pass(5_000);
    nodes.dead.add(nodes.satellite.id);
    await nodes.pass(100);
    expect(seat.closes).toBe(1);
    nodes.dead.add(nodes.home.id);
    await nodes.pass(100);
    expect(socket.closedWith).toBe('moved');
  });

  it('SA9 sends the clients of a dead home back to this node, one after the other', async () => {
    const { seat, socket: first, far } = await nodes.connect();
    const more = [await nodes.connect(), await nodes.connect(), await nodes.connect()];
    const others = more.map(({ socket }) => socket);
    for (const each of [far, ...more.map((one) => one.far)]) each.send('welcome');
    await nodes.pass(5_000);
    nodes.dead.add(nodes.home.id);
    await nodes.pass(100);
    const goaways = [first, ...others].map(({ frames }) => JSON.parse(String(frames.at(-1))) as unknown);
    const url = `ws://${nodes.satellite.id}/v1/connect`;
    expect(goaways).toEqual([0, 1, 2, 3].map((after_ms) => ({ type: 'goaway', reason: 'moved', after_ms, url })));
    expect(others.map(({ closedWith }) => closedWith)).toEqual(['moved', 'moved', 'moved']);
    expect(seat.closes).toBe(0);
  });

  it('SA9 sends a socket that has no welcome yet no other first frame', async () => {
    const { socket } = await nodes.connect();
    await nodes.pass(5_000);
    nodes.dead.add(nodes.home.id);
    await nodes.pass(100);
    expect([socket.frames, socket.closedWith]).toEqual([[], 'moved']);
  });

  it('SA9 refuses the frames of clients whose home is dead until they are closed', async () => {
    const { socket, far } = await nodes.connect();
    far.send('welcome');
    await nodes.pass(5_000);
    const send = socket.send.bind(socket);
    socket.send = (frame) => {
      socket.handler?.onText(text('to nobody'));
      return send(frame);
    };
    nodes.dead.add(nodes.home.id);
    await nodes.pass(50);
    expect(nodes.satellite.tallies.framesNotForwarded).toBe(1);
    expect(nodes.satellite.tallies.framesForwarded).toBe(0);
  });

  it('SA9 a node that was taken for dead and comes back begins a new link', async () => {
    const { socket } = await nodes.connect();
    await nodes.pass(5_000);
    nodes.dead.add(nodes.satellite.id);
    await nodes.pass(100);
    nodes.dead.clear();
    expect(socket.closedWith).toBeNull();
    socket.handler?.onText(text('to a home that has forgotten it'));
    await nodes.pass(1_000);
    expect(socket.closedWith).toBe('moved');
    const next = await nodes.connect();
    next.far.send('hello');
    await nodes.pass(100);
    expect(next.socket.frames).toEqual(['hello']);
  });

  it('SA13 counts what is on its way, and what waits at the satellite, as waiting for the reader', async () => {
    const { seat, socket, far } = await nodes.connect();
    far.send('x'.repeat(100));
    expect(far.bufferedBytes()).toBe(100);
    socket.buffered = SOFT_BYTES + 1;
    await nodes.pass(100);
    expect(far.bufferedBytes()).toBe(SOFT_BYTES + 1);
    expect(seat.drains).toBeGreaterThan(0);
    socket.buffered = 0;
    await nodes.pass(200);
    expect(far.bufferedBytes()).toBe(0);
  });

  it('SA13 closes a socket with 4101 when more waits for it than the home could know of', async () => {
    const { seat, socket, far } = await nodes.connect();
    far.subscribe('room');
    await nodes.pass(50);
    socket.buffered = HARD_BYTES + SOFT_BYTES + 1;
    nodes.home.broadcaster.publish('room', new Uint8Array(SOFT_BYTES), null);
    await nodes.pass(100);
    expect(socket.closedWith).toBe('slow_consumer');
    expect(seat.closes).toBe(1);
  });

  it('SA14 a satellite speaks for its own sockets only, and what is malformed is dropped', async () => {
    const { seat, far } = await nodes.connect();
    const link = nodes.satellite.links.to(nodes.home.id);
    link.send(FROM_SATELLITE.text, 99, 0, 'for a socket that is not there');
    link.send(FROM_SATELLITE.report, 1, 0, Uint8Array.of(1));
    link.send(200, 1, 0, 'no such op');
    nodes.satellite.bus.send(nodes.home.id, Uint8Array.of(3, 1, 2));
    nodes.satellite.bus.send(nodes.home.id, Uint8Array.of(4));
    await nodes.pass(100);
    expect(seat.texts).toEqual([]);
    link.send(FROM_SATELLITE.report, 1, 0, encodeBuffered(7));
    await nodes.pass(100);
    expect(far.bufferedBytes()).toBe(7);
    const other = new HomeSeat();
    const number = nodes.home.satellites.expect(nodes.home.id, other);
    link.send(FROM_SATELLITE.open, number, 0, '');
    link.send(FROM_SATELLITE.abandon, number, 0, '');
    await nodes.pass(100);
    expect([other.socket, other.abandoned]).toEqual([null, 0]);
  });

  it('SA15 abandons an admission whose socket does not come within 10 s, or is said not to come', async () => {
    const silent = new HomeSeat();
    const late = nodes.home.satellites.expect(nodes.satellite.id, silent);
    await nodes.pass(9_900);
    expect(silent.abandoned).toBe(0);
    await nodes.pass(200);
    expect(silent.abandoned).toBe(1);
    const socket = nodes.open(late);
    await nodes.pass(100);
    expect(socket.closedWith).toBe('moved');
    const told = new HomeSeat();
    const number = nodes.home.satellites.expect(nodes.satellite.id, told);
    nodes.satellite.satellites
      .admissionAt(nodes.home.id, { socket: number, userId: told.userId, seatName: null })
      .abandon();
    await nodes.pass(11_000);
    expect([told.abandoned, told.socket]).toEqual([1, null]);
  });

  it('SA8 tells the home of the answer to its own ping alone', async () => {
    const { seat, socket, far } = await nodes.connect();
    socket.handler?.onAlive('ping');
    await nodes.pass(50);
    expect(seat.pongs).toBe(0);
    far.ping();
    await nodes.pass(50);
    expect(socket.frames).toEqual(['ping']);
    socket.handler?.onAlive('ping');
    socket.handler?.onAlive('ping');
    await nodes.pass(50);
    expect(seat.pongs).toBe(1);
  });

  it('SA9 tells the home that a socket has closed, and the satellite that the home closes it', async () => {
    const one = await nodes.connect();
    const two = await nodes.connect();
    one.socket.handler?.onClose(1006);
    two.far.close('kicked');
    expect(two.seat.closes).toBe(1);
    await nodes.pass(50);
    expect(one.seat.closes).toBe(1);
    expect(two.socket.closedWith).toBe('kicked');
    expect([nodes.home.homeEnd.size, nodes.satellite.satelliteEnd.size]).toEqual([0, 0]);
  });
});
