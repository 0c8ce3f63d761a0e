import { json } from '../../lib/shape.js';
import type { ConnectOptions } from '../connect/terminal-client.js';
import type { Command } from '../command.js';
import type { Given } from '../given.js';
import { relayToken } from '../rest/answers.js';
import { CREDENTIAL_FLAG, REST_FLAGS, TIMEOUT_FLAG } from '../rest/flags.js';
import { read } from '../rest/gateway-api.js';
import { gatewayUrl } from '../rest/gateway-url.js';
import { parseJson } from '../parse-json.js';
import { mint, ROLE_FLAG } from './mint.js';
import { SESSION } from './sessions.js';

const DEFAULT_TIMEOUT_S = 30;
const MAX_INDEX = 65_535;

export const connectCommand: Command = {
  words: ['connect'],
  about: 'Join a relay session: show its frames, and send each line of standard input as a frame.',
  details:
    'With a credential it needs neither SESSION nor an API key. With SESSION and --user-id it mints one by the API key.\n' +
    'The end of the input or Ctrl-C leaves the session. Frames go to standard output, everything else to standard error;\n' +
    'with --json each event is one line of JSON on standard output. It reconnects as the SDK does.',
  operands: [{ ...SESSION, isOptional: true }],
  flags: [
    CREDENTIAL_FLAG,
    { name: 'user-id', value: 'ID', about: 'Join SESSION as this user, with a credential that the API key mints.' },
    ROLE_FLAG,
    {
      name: 'class',
      value: 'CLASS',
      about: 'The delivery class of the lines; reliable when absent.',
      choices: ['volatile', 'latest', 'reliable'],
    },
    { name: 'to', value: 'INDEX', about: 'Send to this member instead of everybody else.', isRepeatable: true },
    { name: 'state', value: 'JSON', about: 'Your presence state.' },
    { name: 'listen', about: 'Stay when the input ends, until Ctrl-C.' },
    ...REST_FLAGS,
  ],
  examples: [
    'connect --credential=0123456789ab-S.1234567.7654321',
    'connect 0123456789ab-S --user-id ada',
    'connect 0123456789ab-S --user-id logger --listen --json < /dev/null',
  ],
  async run(given, terminal) {
    const options = optionsOf(given);
    const credential = await credentialOf(given);
    const { runTerminalClient } = await import('../connect/terminal-client.js');
    return runTerminalClient({ ...options, credential }, terminal);
  },
};

function optionsOf(given: Given): Omit<ConnectOptions, 'credential'> {
  const targets = given.texts('to').map((text) => indexOf(given, text));
  const kind = given.text('class');
  return {
    url: `${gatewayUrl(given)}/v1/connect`,
    timeoutMs: 1000 * (given.integer(TIMEOUT_FLAG.name, { min: 1, max: 3600 }) ?? DEFAULT_TIMEOUT_S),
    deliveryClass: kind === 'volatile' || kind === 'latest' ? kind : 'reliable',
    targets: targets.length === 0 ? undefined : targets,
    state: stateOf(given),
    staysAtEnd: given.has('listen'),
    isJson: given.has('json'),
  };
}

async function credentialOf(given: Given): Promise<string> {
  const [sessionId, userId] = [given.operand(0), given.text('user-id')];
  if (sessionId !== null && userId !== null) return read(relayToken, await mint(given, sessionId, userId, {})).token;
  if (userId !== null) throw given.refuse('--user-id needs a SESSION');
  if (sessionId !== null) throw given.refuse('SESSION needs a --user-id: a credential names its session itself');
  const credential = given.text(CREDENTIAL_FLAG.name);
  if (credential === null) {
    throw given.refuse('a credential is missing: set SALLYPORT_CREDENTIAL, or name a SESSION and a --user-id');
  }
  if (/^[\w.-]+$/.test(credential)) return credential;
  throw given.wrong(CREDENTIAL_FLAG.name, 'expected letters, digits, dots, _ and - (not shown)');
}

function indexOf(given: Given, text: string): number {
  const index = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (index <= MAX_INDEX) return index;
  throw given.wrong('to', "expected a member's index");
}

function stateOf(given: Given): ConnectOptions['state'] {
  const text = given.text('state');
  if (text === null) return undefined;
  const state = parseJson(text);
  if (json.is(state)) return state;
  throw given.wrong('state', 'expected JSON');
}
