/** `webhooks`: the endpoints of the project that get events. */
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Operand } from '../flag.js';
import type { Given } from '../given.js';
import { newWebhook, signingSecret, webhook, webhookList, webhookTest, type NewWebhook } from '../rest/answers.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { CURSOR_FLAG, limitFlag, noteMore } from '../rest/paging.js';
import { showAnswer } from '../rest/show-answer.js';
import { createEndpoint, TYPES_FLAG } from '../rest/webhook-endpoint.js';
import type { Terminal } from '../terminal.js';
import { facts, printable, table, time } from '../text.js';
import { deadLettersCommand, resendCommand } from './dead-letters.js';
import { listenCommand } from './webhooks-listen.js';

const MAX_LIMIT = 1000;
const ENDPOINT: Operand = { name: 'ID', about: 'The id of the endpoint, as webhooks list shows it.' };

const list: Command = {
  words: ['webhooks', 'list'],
  about: 'List the endpoints of webhooks, oldest first.',
  operands: [],
  flags: [limitFlag(MAX_LIMIT), CURSOR_FLAG, ...REST_FLAGS],
  examples: ['webhooks list', 'webhooks list --json'],
  async run(given, terminal) {
    const query = { limit: given.integer('limit', { min: 1, max: MAX_LIMIT }), cursor: given.text('cursor') };
    const answer = await new GatewayApi(given).native({ method: 'GET', path: '/v1/webhooks', query });
    showAnswer({ given, terminal, shape: webhookList, answer }, ({ webhooks, next_cursor }, { print, note }) => {
      const rows = webhooks.map(({ id, url, types, paused_reason, project_id, created_at }) => [
        ...[id, stateOf(paused_reason), typesOf(types), project_id ?? 'all', time(created_at), url],
      ]);
      print(table(['ID', 'STATE', 'TYPES', 'PROJECT', 'CREATED', 'URL'], rows));
      noteMore(note, next_cursor);
    });
    return EXIT.done;
  },
};

const create: Command = {
  words: ['webhooks', 'create'],
  about: 'Register an endpoint of webhooks and print its secret, which nothing shows again.',
  operands: [{ name: 'URL', about: 'Where the gateway sends the events.' }],
  flags: [TYPES_FLAG, ...REST_FLAGS],
  examples: [
    'webhooks create https://game.example/hooks',
    'webhooks create https://game.example/hooks --types session.*',
  ],
  async run(given, terminal) {
    const answer = await createEndpoint(new GatewayApi(given), given.required(0), given.text(TYPES_FLAG.name));
    return showSecret(given, terminal, answer);
  },
};

const rotate: Command = {
  words: ['webhooks', 'rotate'],
  about: 'Make a new secret for an endpoint and print it. For 24 hours the former one signs beside it.',
  operands: [ENDPOINT],
  flags: REST_FLAGS,
  examples: ['webhooks rotate ID'],
  async run(given, terminal) {
    const answer = await new GatewayApi(given).native({ method: 'POST', path: `${endpointPath(given)}/rotate` });
    return showSecret(given, terminal, answer);
  },
};

const pause = pausing('pause', true, 'Pause an endpoint: its deliveries wait.', 'Paused');
const resume = pausing('resume', false, 'Resume an endpoint: it gets the deliveries that wait.', 'Resumed');

const remove: Command = {
  words: ['webhooks', 'delete'],
  about: 'Remove an endpoint of webhooks. Its waiting deliveries are dropped.',
  operands: [ENDPOINT],
  flags: REST_FLAGS,
  examples: ['webhooks delete ID'],
  async run(given, { print }) {
    const id = given.required(0);
    await new GatewayApi(given).native({ method: 'DELETE', path: endpointPath(given) });
    print(given.has('json') ? `${JSON.stringify({ id, deleted: true })}\n` : `Deleted ${printable(id)}.\n`);
    return EXIT.done;
  },
};

const test: Command = {
  words: ['webhooks', 'test'],
  about: 'Send a test event to an endpoint now, and say whether it arrived.',
  details: 'Ends with 1 when it did not arrive.',
  operands: [ENDPOINT],
  flags: REST_FLAGS,
  examples: ['webhooks test ID'],
  async run(given, terminal) {
    const answer = await new GatewayApi(given).native({ method: 'POST', path: `${endpointPath(given)}/test` });
    const { delivered } = showAnswer({ given, terminal, shape: webhookTest, answer }, (outcome, { print }) => {
      const { reason, took_ms } = outcome;
      print(outcome.delivered ? `Delivered in ${took_ms} ms.\n` : `Not delivered: ${printable(reason ?? '-')}\n`);
    });
    return delivered ? EXIT.done : EXIT.failed;
  },
};

const secretCommand: Command = {
  words: ['webhooks', 'signing-secret'],
  about: 'Print the secret that signs what goes to the webhook_url and the join_url of sessions of the project.',
  operands: [],
  flags: REST_FLAGS,
  examples: ['webhooks signing-secret'],
  async run(given, terminal) {
    const answer = await new GatewayApi(given).native({ method: 'GET', path: '/v1/webhooks/signing_secret' });
    showAnswer({ given, terminal, shape: signingSecret, answer }, ({ secret }, { print }) => {
      print(`${printable(secret)}\n`);
    });
    return EXIT.done;
  },
};

function pausing(word: string, paused: boolean, about: string, done: string): Command {
  return {
    words: ['webhooks', word],
    about,
    operands: [ENDPOINT],
    flags: REST_FLAGS,
    examples: [`webhooks ${word} ID`],
    async run(given, terminal) {
      const call = { method: 'PATCH', path: endpointPath(given), body: JSON.stringify({ paused }) } as const;
      const answer = await new GatewayApi(given).native(call);
      showAnswer({ given, terminal, shape: webhook, answer }, ({ id }, { print }) => {
        print(`${done} ${printable(id)}.\n`);
      });
      return EXIT.done;
    },
  };
}

function showSecret(given: Given, terminal: Terminal, answer: string): number {
  showAnswer({ given, terminal, shape: newWebhook, answer }, (endpoint, { print }) => {
    print(endpointFacts(endpoint));
  });
  return EXIT.done;
}

function endpointFacts({ id, url, types, paused_reason, secret }: NewWebhook): string {
  return facts([
    ['id', id],
    ['url', url],
    ['types', typesOf(types)],
    ['state', stateOf(paused_reason)],
    ['secret', secret],
  ]);
}

function endpointPath(given: Given): string {
  return `/v1/webhooks/${encodeURIComponent(given.required(0))}`;
}

function typesOf(types: readonly string[] | null): string {
  return types === null ? 'all' : types.join(',');
}

/** `gone`: the gateway paused the endpoint, because it answered 410. */
function stateOf(pausedReason: string | null): string {
  return pausedReason === null ? 'active' : pausedReason === 'gone' ? 'paused (410)' : 'paused';
}

export const WEBHOOK_COMMANDS: readonly Command[] = [
  ...[list, create, rotate, pause, resume, remove, test],
  ...[deadLettersCommand, resendCommand, secretCommand, listenCommand],
];
