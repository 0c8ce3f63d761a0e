/** `webhooks dead-letters` and `webhooks resend`: deliveries that the gateway gave up. */
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { deadLetterList } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { CURSOR_FLAG, limitFlag, noteMore } from '../rest/paging.js';
import { showAnswer } from '../rest/show-answer.js';
import { printable, table, time } from '../text.js';

const MAX_LIMIT = 200;

export const deadLettersCommand: Command = {
  words: ['webhooks', 'dead-letters'],
  about: 'List the deliveries that the gateway gave up, newest first.',
  operands: [],
  flags: [
    { name: 'endpoint', value: 'ID', about: 'Only those to this endpoint.' },
    limitFlag(MAX_LIMIT),
    CURSOR_FLAG,
    ...REST_FLAGS,
  ],
  examples: ['webhooks dead-letters', 'webhooks dead-letters --endpoint ID --json'],
  async run(given, terminal) {
    const endpoint = given.text('endpoint');
    const path = `/v1/webhooks/${endpoint === null ? '' : `${encodeURIComponent(endpoint)}/`}dead_letters`;
    const query = { limit: given.integer('limit', { min: 1, max: MAX_LIMIT }), cursor: given.text('cursor') };
    const answer = await new GatewayApi(given).native({ method: 'GET', path, query });
    showAnswer({ given, terminal, shape: deadLetterList, answer }, ({ dead_letters, next_cursor }, { print, note }) => {
      const rows = dead_letters.map(({ id, died_at, type, webhook_id, url, attempts, reason }) => [
        ...[id, time(died_at), type, webhook_id ?? url ?? '', String(attempts), reason],
      ]);
      print(table(['ID', 'GIVEN UP', 'TYPE', 'TARGET', 'ATTEMPTS', 'REASON'], rows));
      noteMore(note, next_cursor);
    });
    return EXIT.done;
  },
};

export const resendCommand: Command = {
  words: ['webhooks', 'resend'],
  about: 'Send a delivery again that the gateway gave up, with the same webhook-id and the whole schedule of retries.',
  operands: [{ name: 'ID', about: 'The id of the dead letter, as webhooks dead-letters shows it.' }],
  flags: REST_FLAGS,
  examples: ['webhooks resend ID'],
  async run(given, { print }) {
    const id = given.required(0);
    const path = `/v1/webhooks/dead_letters/${encodeURIComponent(id)}/resend`;
    await new GatewayApi(given).native({ method: 'POST', path });
    print(given.has('json') ? `${JSON.stringify({ id, resent: true })}\n` : `${printable(id)} is sent again.\n`);
    return EXIT.done;
  },
};
