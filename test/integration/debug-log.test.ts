import { expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY } from '../support/gateway.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { statusOfHandshake } from '../support/handshakes.js';

const EVENTS = ['request_answered', 'handshake_admitted', 'handshake_refused', 'socket_opened', 'socket_closed'];

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

function linesOf(program: GatewayProcess): readonly Line[] {
  return program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ event }) => EVENTS.includes(event));
}

/** A request, a join, a refusal and a close. */
async function play(
  program: GatewayProcess,
): Promise<{ readonly pair: string; readonly seat: string; userId: string }> {
  const session = await new Backend(program.url).createSession(1);
  const pair = pairOf(session);
  const client = await Client.join(program.socketUrl, pair);
  const { index, user_id: userId } = client.welcome.you;
  await statusOfHandshake(Number(new URL(program.url).port), '127.0.0.1', 'a-bad-credential');
  client.drop();
  return { pair, seat: `${session.session_id} ${String(index)}`, userId };
}

it('AO1 at level debug the log names requests, handshakes and sockets by their ids, and no secret', async () => {
  const program = await startGatewayProcess({ SALLYPORT_LOG_LEVEL: 'debug' });
  const { pair, seat, userId } = await play(program);
  await eventually(() => (linesOf(program).some(({ event }) => event === 'socket_closed') ? null : program.output()));
  await program.stop();
  const lines = linesOf(program);
  const ids = { user_id: userId, seat, user_session_id: null };
  const requestId: unknown = expect.stringMatching(/^[\w-]{36}$/);
  const expected = [
    { event: 'request_answered', request_id: requestId, route: 'POST /v1/relays/sessions', status: 200 },
    { event: 'handshake_admitted', request_id: requestId, ...ids },
    { event: 'socket_opened', ...ids },
    { event: 'handshake_refused', request_id: requestId, code: 'credential_invalid' },
    { event: 'socket_closed', ...ids, code: 1006 },
  ];
  for (const line of expected) expect(lines).toContainEqual(expect.objectContaining(line));
  for (const secret of [...pair.split('.').slice(1), ROOT_KEY, 'a-bad-credential', '"127.0.0.1"']) {
    expect([secret, lines.filter((line) => JSON.stringify(line).includes(secret))]).toEqual([secret, []]);
  }
});

it('AO1 the control: at level info there is none of these lines', async () => {
  const program = await startGatewayProcess();
  await play(program);
  await program.stop();
  expect(linesOf(program)).toEqual([]);
});
