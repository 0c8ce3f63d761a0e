/** One member of a relay session in a terminal, on the client SDK. */
import { createInterface, type Interface } from 'node:readline';
import { RelayClient, RelayError, type Closed, type RelayErrorCode } from '../../client/client.js';
import type { Json } from '../../lib/json.js';
import { ERRORS, isErrorCode } from '../../protocol/errors.js';
import type { DeliveryClassName } from '../../protocol/wire.js';
import { CommandFailed } from '../command-failed.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { exitFor } from '../rest/gateway-api.js';
import type { Terminal } from '../terminal.js';
import { sessionLog } from './session-log.js';

export interface ConnectOptions {
  readonly url: string;
  readonly credential: string;
  /** How long it may be without a connection. */
  readonly timeoutMs: number;
  readonly deliveryClass: DeliveryClassName;
  /** undefined: everybody else. */
  readonly targets: readonly number[] | undefined;
  readonly state: Json | undefined;
  readonly staysAtEnd: boolean;
  readonly isJson: boolean;
}

const NO_ROOM = 'The link could not take the line.';
/** How many lines may wait for their ack. Beyond it the input waits. */
const MAX_WAITING = 256;

/** Resolves when the user has left. Rejects with a `CommandFailed` when the client was closed before. */
export async function runTerminalClient(options: ConnectOptions, terminal: Terminal): Promise<number> {
  const { url, credential, timeoutMs, state } = options;
  const on = sessionLog(() => client, options.isJson, terminal);
  const client: RelayClient = new RelayClient({ url, credential, on, reconnect: { maxElapsedMs: timeoutMs } });
  if (state !== undefined) client.setState(state);
  const closed = new Promise<Closed>((resolve) => client.on('closed', resolve));
  terminal.onInterrupt(() => {
    end(client).catch(() => undefined);
  });
  const over = new AbortController();
  const sent = client.connect().then(
    () => {
      // Not earlier: it drops the lines that come before somebody reads them.
      const lines = createInterface({ input: terminal.input, signal: over.signal });
      return sendLines(client, lines, options, terminal);
    },
    // The client is closed then.
    () => false,
  );
  let last: RelayErrorCode = 'unreachable';
  client.on('disconnected', ({ reason }) => (last = reason));
  const outcome = await closed;
  // An open input would keep the process alive, and an open interface the loop over its lines.
  over.abort();
  terminal.input.destroy();
  if (options.isJson) terminal.print(`${JSON.stringify({ event: 'closed', ...outcome })}\n`);
  if (outcome.advice === 'done') return (await sent) ? EXIT.done : EXIT.failed;
  throw failureOf(outcome, last);
}

/**
 * Sends each line, and leaves at the end of the input when all of them are sent. Resolves with whether the session took
 * all lines that were read.
 */
async function sendLines(
  client: RelayClient,
  lines: Interface,
  options: ConnectOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { deliveryClass, targets: to, staysAtEnd } = options;
  const waiting = new Set<Promise<void>>();
  let hasFailed = false;
  const report = (error: unknown): void => {
    hasFailed = true;
    const code = error instanceof RelayError ? error.code : 'internal';
    if (options.isJson) terminal.print(`${JSON.stringify({ event: 'error', code, message: messageOf(error) })}\n`);
    else terminal.note(`* a line was not relayed (${code})\n`);
  };
  const sendLine = async (line: string): Promise<void> => {
    if (deliveryClass === 'reliable') await client.send(line, { class: deliveryClass, to, ack: true });
    else if (client.send(line, { class: deliveryClass, to }) === 'dropped') throw new RelayError('dropped', NO_ROOM);
  };
  for await (const line of lines) {
    const sending = sendLine(line)
      .catch(report)
      .finally(() => waiting.delete(sending));
    waiting.add(sending);
    if (waiting.size >= MAX_WAITING) await Promise.race(waiting);
  }
  await Promise.all(waiting);
  if (!staysAtEnd) await end(client);
  return !hasFailed;
}

/** Gives the seat back when there is a connection. */
async function end(client: RelayClient): Promise<void> {
  if (client.state === 'open') await client.leave();
  await client.stop();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `last`: why the last attempt failed. */
function failureOf({ reason, code }: Closed, last: RelayErrorCode): CommandFailed {
  const why = reason === 'gave_up' ? last : reason;
  const known = isErrorCode(why) ? ERRORS[why] : null;
  const message = known?.message ?? MESSAGES[why] ?? `The gateway closed the connection (${code}).`;
  return new CommandFailed(known === null ? (EXITS[why] ?? EXIT.failed) : exitFor(known.status), message, why);
}

/** For reasons that are not in the gateway's catalogue of errors. */
const EXITS: Readonly<Record<string, ExitCode>> = {
  unreachable: EXIT.unavailable,
  timeout: EXIT.unavailable,
  going_away: EXIT.unavailable,
  kicked: EXIT.refused,
  revoked: EXIT.refused,
  user_session_ended: EXIT.refused,
};

const MESSAGES: Readonly<Record<string, string>> = {
  unreachable: 'Nothing answers at the URL, or something that is not a gateway.',
  timeout: 'The gateway accepted the connection and did not answer in time.',
  websocket_missing: 'This version of Node has no WebSocket: install the package ws, or use Node 22.',
  kicked: 'The host or the backend kicked this member.',
  revoked: 'The backend revoked the credential.',
  session_ended: 'The session has ended.',
  session_expired: 'The session has expired.',
  replaced: 'The same member connected elsewhere.',
  user_session_ended: 'The user session that the credential is bound to has ended.',
};
