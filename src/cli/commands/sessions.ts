/** `sessions list`, `show`, `members`, `create` and `end`: relay sessions. */
import type { Command } from '../command.js';
import type { Operand } from '../flag.js';
import { EXIT } from '../exit-codes.js';
import { memberList, relaySession, relaySessionList } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { CURSOR_FLAG, limitFlag, noteMore } from '../rest/paging.js';
import { NEW_SESSION_FLAGS, newSessionBody } from '../rest/new-session.js';
import { showAnswer } from '../rest/show-answer.js';
import { sessionFacts } from '../rest/session-facts.js';
import { printable, table, time } from '../text.js';

const MAX_LIMIT = 100;

export const SESSION: Operand = { name: 'SESSION', about: 'The id of a relay session, such as 0123456789ab-S.' };

const list: Command = {
  words: ['sessions', 'list'],
  about: 'List the relay sessions, newest first.',
  operands: [],
  flags: [limitFlag(MAX_LIMIT), CURSOR_FLAG, ...REST_FLAGS],
  examples: ['sessions list', 'sessions list --limit 100 --json'],
  async run(given, terminal) {
    const query = { limit: given.integer('limit', { min: 1, max: MAX_LIMIT }), cursor: given.text('cursor') };
    const answer = await new GatewayApi(given).relays({ method: 'GET', path: '/v1/relays/sessions', query });
    showAnswer({ given, terminal, shape: relaySessionList, answer }, (found, { print, note }) => {
      const rows = found.sessions.map(({ session_id, status, session_users, relay }) => [
        session_id,
        status,
        String(session_users.length),
        relay?.ports.client.link ?? '',
      ]);
      print(table(['SESSION', 'STATUS', 'USERS', 'CONNECT TO'], rows));
      note(`${found.total_count} in all.\n`);
      noteMore(note, found.next_cursor);
    });
    return EXIT.done;
  },
};

const show: Command = {
  words: ['sessions', 'show'],
  about: 'Show a relay session, with the credential of each user.',
  operands: [SESSION],
  flags: REST_FLAGS,
  examples: ['sessions show 0123456789ab-S'],
  async run(given, terminal) {
    const answer = await new GatewayApi(given).relays({ method: 'GET', path: sessionPath(given.required(0)) });
    showAnswer({ given, terminal, shape: relaySession, answer }, (session, { print }) => {
      print(sessionFacts(session));
    });
    return EXIT.done;
  },
};

const members: Command = {
  words: ['sessions', 'members'],
  about: 'List the members of a relay session.',
  operands: [SESSION],
  flags: REST_FLAGS,
  examples: ['sessions members 0123456789ab-S'],
  async run(given, terminal) {
    const path = `${sessionPath(given.required(0))}/members`;
    const answer = await new GatewayApi(given).native({ method: 'GET', path });
    showAnswer({ given, terminal, shape: memberList, answer }, (found, { print }) => {
      const rows = found.members.map(({ index, user_id, role, connected, joined_at, state }) => [
        String(index),
        user_id,
        role,
        connected ? 'yes' : 'no',
        time(joined_at),
        state === null ? '' : JSON.stringify(state),
      ]);
      print(table(['INDEX', 'USER', 'ROLE', 'CONNECTED', 'JOINED', 'STATE'], rows));
    });
    return EXIT.done;
  },
};

const create: Command = {
  words: ['sessions', 'create'],
  about: 'Create a relay session, and print the credential of each user.',
  operands: [],
  flags: [...NEW_SESSION_FLAGS, ...REST_FLAGS],
  examples: [
    'sessions create',
    'sessions create --user-ip 203.0.113.7 --user-ip 203.0.113.8 --max-users 8',
    'sessions create --durability redis --metadata \'{"map":"dust"}\' --json',
  ],
  async run(given, terminal) {
    const body = newSessionBody(given);
    const answer = await new GatewayApi(given).relays({ method: 'POST', path: '/v1/relays/sessions', body });
    const session = showAnswer({ given, terminal, shape: relaySession, answer }, (created, { print }) => {
      print(sessionFacts(created));
    });
    return session.status === 'Error' ? EXIT.failed : EXIT.done;
  },
};

const end: Command = {
  words: ['sessions', 'end'],
  about: 'End a relay session. Its sockets close first.',
  operands: [SESSION],
  flags: REST_FLAGS,
  examples: ['sessions end 0123456789ab-S'],
  async run(given, { print }) {
    const id = given.required(0);
    await new GatewayApi(given).relays({ method: 'DELETE', path: sessionPath(id) });
    print(given.has('json') ? `${JSON.stringify({ session_id: id, ended: true })}\n` : `Ended ${printable(id)}.\n`);
    return EXIT.done;
  },
};

export function sessionPath(id: string): string {
  return `/v1/relays/sessions/${encodeURIComponent(id)}`;
}

export const SESSION_COMMANDS: readonly Command[] = [list, show, members, create, end];
