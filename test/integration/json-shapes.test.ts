import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_SHAPES } from '../../bench/hostile/json-shapes.js';
import { ERRORS } from '../../src/protocol/errors.js';
import { pairOf, type Answer, type RelaySessionAnswer } from '../support/backend.js';
import { Client, type Refused } from '../support/client.js';
import { Player } from '../support/groups.js';
import { SignInDesk } from '../support/signed-in.js';

/** As large as a frame, and as a body, may be by default; a token's header has to fit into a credential. */
const [FRAME_BYTES, BODY_BYTES, HEADER_BYTES] = [16_000, 64_000, 2_900];
/** With each of them, and small: what is refused for its size alone shows nothing of its shape. */
const STATE_BYTES = 1_900;

let desk: SignInDesk;
let session: RelaySessionAnswer;
let jwt: string;
let player: Player;
let victim: Client;

beforeAll(async () => {
  desk = await SignInDesk.open({ env: { SALLYPORT_MESSAGES_PER_S: '100000', SALLYPORT_WORK_MS_PER_S: '0' } });
  session = await desk.backend.createSession(3);
  jwt = (await desk.signIn()).jwt;
  player = await Player.at(desk.backend);
  victim = await Client.join(desk.running.socketUrl, pairOf(session, 0));
});

afterAll(() => desk.stop());

const joinRelay = (): Promise<Client> => Client.join(desk.running.socketUrl, pairOf(session, 1));
const joinControl = (): Promise<Client> => Client.join(desk.running.socketUrl, jwt);

interface SocketPlace {
  readonly name: string;
  readonly open: () => Promise<Client>;
  /** The text frame that carries the value. */
  readonly frame: (value: string) => string;
}

/** Every place where text of a socket is read as JSON. A new one is a line. */
const SOCKET_PLACES: readonly SocketPlace[] = [
  { name: 'a state', open: joinRelay, frame: (value) => `{"type":"state","state":${value}}` },
  { name: 'a member nobody knows', open: joinRelay, frame: (value) => `{"x":${value},"type":"from_the_future"}` },
  { name: 'a ping', open: joinRelay, frame: (value) => `{"type":"ping","t":${value}}` },
  { name: 'a kick', open: joinRelay, frame: (value) => `{"type":"kick","index":1,"reason":${value}}` },
  { name: 'a type', open: joinRelay, frame: (value) => `{"type":${value}}` },
  { name: 'a whole frame', open: joinRelay, frame: (value) => value },
  { name: 'a control connection', open: joinControl, frame: (value) => `{"type":"ping","t":${value}}` },
  { name: 'a state on a control connection', open: joinControl, frame: (value) => `{"type":"state","state":${value}}` },
];

interface HttpPlace {
  readonly name: string;
  readonly send: (value: string) => Promise<Answer>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const native = (path: string, body: string): Promise<Answer> => desk.backend.native('POST', path, body);
const nobody = (path: string, body: string): Promise<Answer> => desk.backend.call('POST', path, body, JSON_TYPE);

/** Every kind of call that reads a body as JSON, on each surface. A new one is a line. */
const HTTP_PLACES: readonly HttpPlace[] = [
  {
    name: 'metadata of a relay session',
    send: (v) => desk.backend.relays('POST', '/v1/relays/sessions', `{"users":[{"ip":"127.0.0.1"}],"metadata":${v}}`),
  },
  { name: 'users', send: (v) => desk.backend.relays('POST', '/v1/relays/sessions', `{"users":${v}}`) },
  { name: 'filters', send: (v) => desk.backend.relays('POST', '/v1/relays/sessions', `{"filters":${v},"users":[]}`) },
  {
    name: 'targets of a message',
    send: (v) =>
      native(
        `/v1/relays/sessions/${session.session_id}/messages`,
        `{"class":"volatile","payload_base64":"AA==","targets":${v}}`,
      ),
  },
  { name: 'metadata of a user', send: (v) => native('/v1/users', `{"username":"shapes","public_metadata":${v}}`) },
  { name: 'claims of a template', send: (v) => native('/v1/jwt_templates', `{"name":"shapes","claims":${v}}`) },
  { name: 'a key', send: (v) => native('/v1/keys', `{"name":"k","scopes":${v}}`) },
  { name: 'rules of a group session', send: (v) => player.create(`{"rules":${v}}`) },
  { name: 'a whitelist', send: (v) => player.create(`{"rules":{"whiteListAddresses":${v}}}`) },
  { name: 'a wallet proof', send: (v) => nobody('/v1/wallet-proof/verify?chain=Ethereum', `{"message":${v}}`) },
  { name: 'a sign-in', send: (v) => nobody('/v1/client/sign_ins?_is_native=1', `{"strategy":${v}}`) },
  { name: 'a login', send: (v) => nobody('/authenticate/shapes', `{"password":${v}}`) },
  { name: 'a whole body', send: (v) => native('/v1/users', v) },
];

const asHeader = (json: string): string => `${Buffer.from(json).toString('base64url')}.e30.AAAA`;

/** Every place where a token is read before its signature is. */
const TOKEN_PLACES: readonly { readonly name: string; readonly send: (token: string) => Promise<number> }[] = [
  {
    name: 'a handshake',
    send: async (token) => ((await Client.attempt(desk.running.socketUrl, token)) as Refused).status,
  },
  {
    name: 'a client token',
    send: async (authorization) => {
      const headers = { authorization };
      return (await desk.backend.call('GET', '/v1/client/sessions/sess_x?_is_native=1', undefined, headers)).status;
    },
  },
  {
    name: 'a wallet bearer',
    send: async (token) => {
      const headers = { authorization: `Bearer ${token}`, ...JSON_TYPE };
      return (await desk.backend.call('POST', '/v1/session/join', '{"sessionId":"x"}', headers)).status;
    },
  },
];

/** No handler threw, nothing was `internal`, and a member beside it all is served. */
async function expectUnharmed(): Promise<void> {
  await victim.settle();
  expect(victim.closed).toBeNull();
  const metrics = String((await desk.backend.call('GET', '/metrics')).body);
  expect(metrics).toContain('sallyport_handler_failures_total 0');
  expect(metrics).not.toContain('sallyport_refusals_total{code="internal"}');
}

const sizes = (large: number): readonly number[] => [STATE_BYTES, large];

describe('A16 A23 JSON of hostile shapes', () => {
  it.each(SOCKET_PLACES)('WF7 $name: each shape is served or refused by name', async ({ open, frame }) => {
    for (const shape of HOSTILE_SHAPES) {
      const client = await open();
      for (const bytes of sizes(FRAME_BYTES)) client.say(frame(shape.text(bytes)));
      await client.settle();
      expect(client.closed, shape.name).toBeNull();
      for (const { code } of client.of('error')) expect(Object.keys(ERRORS), shape.name).toContain(code);
      client.drop();
    }
    await expectUnharmed();
  });

  it.each(SOCKET_PLACES)('BI5 $name: what is too deep closes the connection at the 17th', async ({ open, frame }) => {
    const client = await open();
    const deep = frame('['.repeat(4000) + ']'.repeat(4000));
    for (let n = 0; n < 17; n += 1) client.say(deep);
    expect(await client.expectClosed()).toEqual({ code: 4004, reason: 'protocol_error' });
    expect(client.of('error').map(({ code }) => code)).toEqual(Array.from({ length: 17 }, () => 'malformed_json'));
    await expectUnharmed();
  });

  it('BI5 states that are too big close it as well', async () => {
    const client = await joinRelay();
    for (let n = 0; n < 17; n += 1) client.say({ type: 'state', state: 'x'.repeat(3000) });
    expect(await client.expectClosed()).toEqual({ code: 4004, reason: 'protocol_error' });
    expect(client.of('error').at(-1)).toMatchObject({ code: 'state_too_big' });
  });

  it('MB5 a state of any shape reaches the others and later welcomes as it was sent', async () => {
    const client = await joinRelay();
    const refused = ['deep lists', 'deep objects', 'lists as deep as they may be', 'list of empty objects'];
    const accepted = HOSTILE_SHAPES.filter(({ isJson, name }) => isJson && !refused.includes(name));
    for (const [n, shape] of accepted.entries()) {
      const text = shape.text(STATE_BYTES);
      const before = victim.of('member.state').length;
      client.say(`{"type":"state","state":${text}}`);
      expect((await victim.expect('member.state', before + 1)).state, shape.name).toEqual(JSON.parse(text));
      if (n % 4 !== 0) continue;
      const late = await Client.join(desk.running.socketUrl, pairOf(session, 2));
      const seen = late.welcome.members.find(({ index }) => index === client.index);
      expect(seen?.state, shape.name).toEqual(JSON.parse(text));
      const path = `/v1/relays/sessions/${session.session_id}/members`;
      const listed = (await desk.backend.native('GET', path)).body.members as { index: number; state: unknown }[];
      expect(listed.find(({ index }) => index === client.index)?.state, shape.name).toEqual(JSON.parse(text));
      late.drop();
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    client.drop();
  });

  it.each(HTTP_PLACES)('HT7 $name: each shape is answered by name', async ({ send }) => {
    for (const shape of HOSTILE_SHAPES) {
      for (const bytes of sizes(BODY_BYTES)) {
        const { status } = await send(shape.text(bytes));
        expect(status, `${shape.name}, ${String(bytes)} bytes`).toBeLessThan(500);
      }
    }
    await expectUnharmed();
  });

  it.each(HTTP_PLACES)('HT7 $name: what is too deep, or of too many values, is refused for that', async ({ send }) => {
    for (const text of ['['.repeat(64) + ']'.repeat(64), `[${'0,'.repeat(31_000)}0]`]) {
      const whole = await send(text);
      expect([400, 422]).toContain(whole.status);
    }
  });

  it.each(TOKEN_PLACES)('TK3 a header of each shape is no token: $name', async ({ send }) => {
    for (const shape of HOSTILE_SHAPES) {
      for (const json of [shape.text(HEADER_BYTES), `{"alg":"EdDSA","x":${shape.text(HEADER_BYTES)}}`]) {
        expect(await send(asHeader(json)), shape.name).toBe(401);
      }
    }
    await expectUnharmed();
  });
});
