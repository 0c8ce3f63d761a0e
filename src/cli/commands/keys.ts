/** `keys list`, `keys create` and `keys delete`. */
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { keyList, newKey } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { CURSOR_FLAG, limitFlag, noteMore } from '../rest/paging.js';
import { showAnswer } from '../rest/show-answer.js';
import { facts, printable, table, time } from '../text.js';

const MAX_LIMIT = 1000;
/** For help only: the gateway decides which scopes there are. */
const SCOPES = 'relays, auth, sessions, admin';

const list: Command = {
  words: ['keys', 'list'],
  about: 'List the API keys of the project, oldest first.',
  operands: [],
  flags: [limitFlag(MAX_LIMIT), CURSOR_FLAG, ...REST_FLAGS],
  examples: ['keys list', 'keys list --json'],
  async run(given, terminal) {
    const query = { limit: given.integer('limit', { min: 1, max: MAX_LIMIT }), cursor: given.text('cursor') };
    const answer = await new GatewayApi(given).native({ method: 'GET', path: '/v1/keys', query });
    showAnswer({ given, terminal, shape: keyList, answer }, ({ keys, next_cursor }, { print, note }) => {
      const rows = keys.map((key) => [
        key.id,
        key.name,
        key.scopes.join(','),
        key.project_id,
        time(key.created_at),
        key.last_used_at === null ? '' : time(key.last_used_at),
      ]);
      print(table(['ID', 'NAME', 'SCOPES', 'PROJECT', 'CREATED', 'LAST USED'], rows));
      noteMore(note, next_cursor);
    });
    return EXIT.done;
  },
};

const create: Command = {
  words: ['keys', 'create'],
  about: 'Create an API key and print its secret, which nothing shows again.',
  operands: [{ name: 'NAME', about: 'A label for people.' }],
  flags: [
    { name: 'scope', value: 'SCOPE', about: `What the key may do: ${SCOPES}.`, isRepeatable: true },
    { name: 'project-id', value: 'ID', about: "The key's project. Only the root key may name another one." },
    ...REST_FLAGS,
  ],
  examples: ['keys create backend --scope relays', 'keys create ci --scope relays --scope admin --json'],
  async run(given, terminal) {
    const scopes = given.texts('scope');
    if (scopes.length === 0) throw given.refuse(`--scope is missing: ${SCOPES}`);
    const project = given.text('project-id');
    const body = { name: given.required(0), scopes, ...(project === null ? {} : { project_id: project }) };
    const answer = await new GatewayApi(given).native({ method: 'POST', path: '/v1/keys', body: JSON.stringify(body) });
    showAnswer({ given, terminal, shape: newKey, answer }, (key, { print }) => {
      const { id, name, project_id, secret } = key;
      print(
        facts([
          ['id', id],
          ['name', name],
          ['scopes', key.scopes.join(', ')],
          ['project', project_id],
          ['secret', secret],
        ]),
      );
    });
    return EXIT.done;
  },
};

const remove: Command = {
  words: ['keys', 'delete'],
  about: 'Delete an API key. Every node refuses it within a second.',
  operands: [{ name: 'ID', about: 'The id of the key, as keys list shows it. It is no secret.' }],
  flags: REST_FLAGS,
  examples: ['keys delete 0123456789abcdef'],
  async run(given, { print }) {
    const id = given.required(0);
    await new GatewayApi(given).native({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}` });
    print(given.has('json') ? `${JSON.stringify({ id, deleted: true })}\n` : `Deleted ${printable(id)}.\n`);
    return EXIT.done;
  },
};

export const KEY_COMMANDS: readonly Command[] = [list, create, remove];
