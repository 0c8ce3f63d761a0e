import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadEngine } from '../../../src/adapters/uws/load-engine.js';
import { UwsApp } from '../../../src/adapters/uws/server.js';
import { UwsSocket, type SocketState } from '../../../src/adapters/uws/socket.js';
import type { ListenSocket } from '../../../src/adapters/uws/engine.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import { eventually } from '../../support/eventually.js';
import { HomeSeat } from '../../support/linked-nodes.js';

const TOPIC = 'room';

/** A real engine; each socket enters as `enter` says, inside its cork. */
describe.each(['auto', 'ws'] as const)("a newcomer's announcements on the engine %s", (choice) => {
  let uws: UwsApp;
  let url: string;
  let enter: (socket: UwsSocket) => void;

  beforeEach(async () => {
    const engine = loadEngine(choice);
    uws = new UwsApp(engine, emptyTallies());
    enter = (socket) => {
      socket.subscribe(TOPIC);
    };
    uws.app.ws<SocketState>('/*', {
      maxPayloadLength: 1024,
      maxBackpressure: 65_536,
      closeOnBackpressureLimit: false,
      idleTimeout: 60,
      sendPingsAutomatically: false,
      maxLifetime: 0,
      compression: 0,
      upgrade: (res, req, context) => {
        const state: SocketState = { admission: new HomeSeat(), startedMs: 0, socket: null, handler: null };
        res.upgrade(state, req.getHeader('sec-websocket-key'), '', '', context);
      },
      open: (ws) => {
        const socket = new UwsSocket(ws, uws.outgoing, uws.onSubscribing);
        ws.getUserData().socket = socket;
        uws.admit(socket, () => {
          ws.cork(() => {
            enter(socket);
          });
        });
      },
      message: () => undefined,
      close: (ws) => {
        ws.getUserData().socket?.markClosed();
      },
    });
    const listening = await new Promise<ListenSocket | false>((resolve) => uws.app.listen('127.0.0.1', 0, 1, resolve));
    if (listening === false) throw new Error('it does not listen');
    url = `ws://127.0.0.1:${String(engine.us_socket_local_port(listening))}`;
  });

  afterEach(() => {
    uws.app.close();
  });

  async function connect(): Promise<{ readonly texts: string[]; readonly socket: WebSocket }> {
    const socket = new WebSocket(url);
    const texts: string[] = [];
    socket.on('message', (data: Buffer) => texts.push(data.toString()));
    await once(socket, 'open');
    return { texts, socket };
  }

  it('EN3 reach the others in order, and not the newcomer', async () => {
    const first = await connect();
    enter = (socket) => {
      uws.publish(TOPIC, 'joined', null);
      socket.subscribe(TOPIC);
      socket.send('welcome');
      uws.publish(TOPIC, 'of it', socket);
      uws.publish(TOPIC, Buffer.from('to all'), null);
      uws.publish(TOPIC, 'last', socket);
    };
    const newcomer = await connect();
    await eventually(() => (first.texts.length === 4 && newcomer.texts.length === 2 ? null : String(first.texts)));
    expect([first.texts, newcomer.texts]).toEqual([
      ['joined', 'of it', 'to all', 'last'],
      ['welcome', 'to all'],
    ]);
  });

  it('EN3 reach no socket that begins to share the path while the newcomer enters, and that comes behind them', async () => {
    let waits: UwsSocket | null = null;
    enter = (socket) => {
      waits = socket;
    };
    const first = await connect();
    enter = (socket) => {
      uws.publish(TOPIC, 'before', null);
      waits?.subscribe(TOPIC);
      uws.publish(TOPIC, 'behind', null);
      socket.send('welcome');
    };
    const newcomer = await connect();
    await eventually(() => (first.texts.length > 0 && newcomer.texts.length > 0 ? null : 'nothing came'));
    expect([first.texts, newcomer.texts]).toEqual([['behind'], ['welcome']]);
  });

  it('EN3 reach the others when the newcomer closes while it enters', async () => {
    const first = await connect();
    enter = (socket) => {
      uws.publish(TOPIC, 'joined', null);
      socket.subscribe(TOPIC);
      socket.close('replaced');
      uws.publish(TOPIC, 'left', null);
    };
    const { socket } = await connect();
    await once(socket, 'close');
    await eventually(() => (first.texts.length === 2 ? null : String(first.texts)));
    expect(first.texts).toEqual(['joined', 'left']);
  });
});
