import type { Command } from '../command.js';
import type { Given } from '../given.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { showReport } from '../rest/show-answer.js';
import { counted } from '../text.js';
import { SESSION, sessionPath } from './sessions.js';

const MAX_INDEX = 65_534;
const MAX_TOKEN = Number.MAX_SAFE_INTEGER;

export const kickCommand: Command = {
  words: ['kick'],
  about: 'Kick a user out of a relay session: their credentials and sockets there are dead on every node.',
  details: 'Name the user by exactly one of --user-id, --index and --authorization-token.',
  operands: [SESSION],
  flags: [
    { name: 'user-id', value: 'ID', about: 'The user.' },
    { name: 'index', value: 'N', about: "The member's index, as sessions members shows it." },
    { name: 'authorization-token', value: 'TOKEN', about: 'The authorization token of the user.' },
    { name: 'reason', value: 'TEXT', about: "For the gateway's log." },
    { name: 'ban', about: 'Refuse the user for as long as the session lives.' },
    ...REST_FLAGS,
  ],
  examples: ['kick 0123456789ab-S --index 2', 'kick 0123456789ab-S --user-id ada --ban --reason spam'],
  async run(given, terminal) {
    const path = `${sessionPath(given.required(0))}/kick`;
    const body = JSON.stringify({
      ...userOf(given),
      reason: given.text('reason') ?? undefined,
      ban: given.has('ban') ? true : undefined,
    });
    const answer = await new GatewayApi(given).native({ method: 'POST', path, body });
    return showReport(given, terminal, answer, ({ matched, closed }) =>
      matched === 0
        ? 'No such user holds a seat.'
        : `Kicked ${counted(matched, 'user')}; closed ${counted(closed, 'socket')}.`,
    );
  },
};

function userOf(given: Given): object {
  const named = [
    { user_id: given.text('user-id') },
    { index: given.integer('index', { min: 0, max: MAX_INDEX }) },
    { authorization_token: given.integer('authorization-token', { min: 1, max: MAX_TOKEN }) },
  ].filter((selector) => Object.values(selector).every((value) => value !== null));
  const [user] = named;
  if (user !== undefined && named.length === 1) return user;
  throw given.refuse('expected exactly one of --user-id, --index and --authorization-token');
}
