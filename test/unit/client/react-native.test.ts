/** The SDK in an imitation of React Native's globals: what they lack, or do in another way than browsers. */
import { createContext, runInContext, type Context } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { measureClient } from '../../../scripts/client-package/measure.js';
import { decodeUtf8, encodeUtf8 } from '../../../src/client/utf8.js';
import { eventually } from '../../support/eventually.js';
import { welcome } from './fakes.js';

/** Has no TextEncoder and no TextDecoder; its URL adds a slash and has no setters; its WebSocket has no bufferedAmount. */
const GLOBALS = `
  globalThis.window = globalThis.global = globalThis;
  globalThis.process = { env: {} };
  globalThis.URL = class {
    constructor(text) { this.text = text.endsWith('/') ? text : text + '/'; }
    get href() { return this.text; }
    get protocol() { throw new Error('not implemented'); }
    get searchParams() { return { set() { throw new Error('not implemented'); } }; }
    toString() { return this.text; }
  };
  globalThis.sockets = [];
  globalThis.WebSocket = class {
    readyState = 0;
    listeners = {};
    sent = [];
    constructor(url, protocols) { this.url = url; this.protocols = protocols; sockets.push(this); }
    set binaryType(type) { if (type !== 'blob' && type !== 'arraybuffer') throw new Error('binaryType'); }
    addEventListener(type, listener) { (this.listeners[type] ??= []).push(listener); }
    fire(type, event) { for (const listener of this.listeners[type] ?? []) listener(event); }
    send(data) { this.sent.push(data); }
    close(code) { this.readyState = 3; this.fire('close', { code, reason: '' }); }
    open(welcome) { this.readyState = 1; this.fire('open', {}); this.fire('message', { data: welcome }); }
  };
`;

describe('the SDK in React Native', () => {
  let code: string;
  let context: Context;

  beforeAll(async () => {
    ({ code } = await measureClient(new URL('../../../src/client/client.ts', import.meta.url), 'script'));
    const { setTimeout: later, clearTimeout: cancel } = globalThis;
    context = createContext({
      ...{ setTimeout: later, clearTimeout: cancel, performance: globalThis.performance, AbortController, console },
      fetch: () => Promise.reject(new Error('no network')),
      welcome: JSON.stringify(welcome()),
    });
    runInContext(GLOBALS, context);
  });

  it('CL32 loads, connects, sends, receives and resumes', async () => {
    runInContext(code, context);
    runInContext(
      `
      globalThis.told = [];
      globalThis.client = new Sallyport.RelayClient({
        url: 'https://gateway.test',
        credential: async () => 'credential',
        reconnect: { baseMs: 1 },
        appState: { addEventListener: () => ({ remove: () => told.push('removed') }) },
        on: { message: (message) => told.push(message.text()) },
      });
      client.connect().then(() => told.push('open'), (error) => told.push(String(error)));
      `,
      context,
    );
    const read = (expression: string): unknown => runInContext(expression, context);
    await eventually(() => (read('sockets.length') === 1 ? null : 'no socket'));
    expect(read('sockets[0].url')).toBe('wss://gateway.test/v1/connect');
    read('sockets[0].open(welcome)');
    await eventually(() => (read("told.includes('open')") === true ? null : JSON.stringify(read('told'))));
    expect(read("client.send('zażółć 🙂')")).toBe('sent');
    expect(read('client.setState({ name: "é" })')).toBeUndefined();
    const sent = read('[...sockets[0].sent[0]]') as number[];
    expect(Buffer.from(sent.slice(2)).toString('utf8')).toBe('zażółć 🙂');
    // The frame of another member with the same payload: op, sender, class, length.
    read(`{
      const payload = sockets[0].sent[0].slice(2);
      sockets[0].fire('message', { data: Uint8Array.from([2, 1, 0, 0, payload.length, ...payload]).buffer });
    }`);
    expect(read('told.at(-1)')).toBe('zażółć 🙂');
    read("sockets[0].fire('close', { code: 1006, reason: '' })");
    await eventually(() => (read('sockets.length') === 2 ? null : 'no second socket'));
    expect(read('sockets[1].url')).toBe('wss://gateway.test/v1/connect?seq=0');
    await (read('client.stop()') as Promise<void>);
    expect(read('told.at(-1)')).toBe('removed');
  });

  it.each([
    '',
    'abc',
    'é',
    'ż€',
    '🙂',
    '\0\u007f\u0080\u07ff\u0800\uffff',
    '\u{10000}\u{10ffff}',
    'a\ud800b',
    '\ufeffx',
  ])('CL32 %j is the same text with and without the classes of the platform', (text) => {
    const { TextEncoder: Encoder, TextDecoder: Decoder } = globalThis;
    const bytes = new Encoder().encode(text);
    const decoded = new Decoder().decode(bytes);
    Reflect.deleteProperty(globalThis, 'TextEncoder');
    Reflect.deleteProperty(globalThis, 'TextDecoder');
    try {
      expect([...encodeUtf8(text)]).toEqual([...bytes]);
      expect(decodeUtf8(bytes)).toBe(decoded);
      expect(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x62, 0xc3))).toBe('a\ufffdb\ufffd');
    } finally {
      Object.assign(globalThis, { TextEncoder: Encoder, TextDecoder: Decoder });
    }
  });
});
