import type { Command } from '../command.js';
import type { Flag } from '../flag.js';
import { EXIT } from '../exit-codes.js';
import type { Given } from '../given.js';
import { relayToken } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { showAnswer } from '../rest/show-answer.js';
import { time } from '../text.js';
import { SESSION, sessionPath } from './sessions.js';

const MAX_TTL_S = 86_400;

export const ROLE_FLAG: Flag = {
  name: 'role',
  value: 'ROLE',
  about: 'The role of the user when they join; client when absent.',
  choices: ['host', 'client'],
};

export const mintCommand: Command = {
  words: ['mint'],
  about: 'Mint a relay credential for a user and print it. It takes no seat before the user joins.',
  operands: [SESSION, { name: 'USER', about: 'The id of the user, as your backend knows them.' }],
  flags: [
    ROLE_FLAG,
    { name: 'ttl-s', value: 'SECONDS', about: `How long the credential opens a seat, up to ${MAX_TTL_S}.` },
    { name: 'user-session-id', value: 'ID', about: 'The user session that the credential ends with.' },
    ...REST_FLAGS,
  ],
  examples: ['mint 0123456789ab-S ada', 'mint 0123456789ab-S ada --role host --ttl-s 60 --json'],
  async run(given, terminal) {
    const answer = await mint(given, given.required(0), given.required(1), {
      ttl_s: given.integer('ttl-s', { min: 1, max: MAX_TTL_S }) ?? undefined,
      user_session_id: given.text('user-session-id') ?? undefined,
    });
    showAnswer({ given, terminal, shape: relayToken, answer }, ({ token, expires_at }, { print, note }) => {
      print(`${token}\n`);
      note(`Valid until ${time(expires_at)}.\n`);
    });
    return EXIT.done;
  },
};

/** Resolves with the answer's text. */
export async function mint(given: Given, sessionId: string, userId: string, more: object): Promise<string> {
  const body = JSON.stringify({ user_id: userId, role: given.text(ROLE_FLAG.name) ?? undefined, ...more });
  return new GatewayApi(given).native({ method: 'POST', path: `${sessionPath(sessionId)}/tokens`, body });
}
