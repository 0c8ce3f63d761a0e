import type { Command } from '../command.js';
import type { Given } from '../given.js';
import { REST_FLAGS } from '../rest/flags.js';
import { GatewayApi } from '../rest/gateway-api.js';
import { TYPES_FLAG } from '../rest/webhook-endpoint.js';

const MAX_PORT = 65_535;

export const listenCommand: Command = {
  words: ['webhooks', 'listen'],
  about: 'Show the webhooks that the gateway sends, for as long as the command runs.',
  details:
    'It registers an endpoint at a port of 127.0.0.1, checks the signature of each delivery, prints the event and answers\n' +
    '204. Ctrl-C deletes the endpoint. The gateway runs on the same machine, with SALLYPORT_ENV=development: outside\n' +
    'development it calls neither http nor loopback. With --json each event is one line of JSON. With --forward each\n' +
    'delivery also goes to URL as it came, and the gateway gets the status that URL answers.',
  operands: [],
  flags: [
    TYPES_FLAG,
    { name: 'port', value: 'N', about: 'The port to listen at; a free one when absent.' },
    { name: 'forward', value: 'URL', about: 'Pass each delivery on to this URL.' },
    ...REST_FLAGS,
  ],
  examples: [
    'webhooks listen',
    'webhooks listen --types session.*,member.left --json',
    'webhooks listen --forward http://127.0.0.1:3000/hooks',
  ],
  async run(given, terminal) {
    const options = {
      api: new GatewayApi(given),
      types: given.text(TYPES_FLAG.name),
      port: given.integer('port', { min: 1, max: MAX_PORT }) ?? 0,
      forward: forwardOf(given),
      isJson: given.has('json'),
    };
    const { listen } = await import('../listen/listen.js');
    return listen(options, terminal);
  },
};

function forwardOf(given: Given): string | null {
  const url = given.text('forward');
  if (url === null || (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol))) return url;
  throw given.wrong('forward', 'expected an http or https URL');
}
