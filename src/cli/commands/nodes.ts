/** `nodes list` and `nodes drain`. */
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { nodeList } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { showAnswer, showReport } from '../rest/show-answer.js';
import { counted, table } from '../text.js';

const list: Command = {
  words: ['nodes', 'list'],
  about: 'List the live nodes.',
  operands: [],
  flags: REST_FLAGS,
  examples: ['nodes list', 'nodes list --json'],
  async run(given, terminal) {
    const answer = await new GatewayApi(given).native({ method: 'GET', path: '/v1/nodes' });
    showAnswer({ given, terminal, shape: nodeList, answer }, ({ nodes }, { print }) => {
      const rows = nodes.map(({ id, state, sessions, connections, version, public_url }) => [
        ...[id, state, String(sessions), String(connections), version, public_url],
      ]);
      print(table(['NODE', 'STATE', 'SESSIONS', 'SOCKETS', 'VERSION', 'URL'], rows));
    });
    return EXIT.done;
  },
};

const drain: Command = {
  words: ['nodes', 'drain'],
  about: 'Drain a node: it hands its sessions to other nodes and closes its sockets, then waits to be stopped.',
  details: 'Ends with 1 when the node needs longer than one call may take: the same command waits on.',
  operands: [{ name: 'NODE', about: 'The id of the node, as nodes list shows it.' }],
  flags: REST_FLAGS,
  examples: ['nodes drain NODE'],
  async run(given, terminal) {
    const path = `/v1/nodes/${encodeURIComponent(given.required(0))}/drain`;
    const answer = await new GatewayApi(given).native({ method: 'POST', path });
    return showReport(given, terminal, answer, ({ closed, nodes_acked }) =>
      nodes_acked === 0 ? 'The node still drains.' : `Drained; closed ${counted(closed, 'socket')}.`,
    );
  },
};

export const NODE_COMMANDS: readonly Command[] = [list, drain];
