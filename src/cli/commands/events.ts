/** `events`: what happened, and with --follow what happens. */
import { parseExactJson, writeExactJson } from '../../lib/exact-json.js';
import { isObject } from '../../lib/shape.js';
import type { Command } from '../command.js';
import { CommandFailed } from '../command-failed.js';
import { EXIT } from '../exit-codes.js';
import type { Given } from '../given.js';
import { eventPage } from '../rest/answers.js';
import { eventLine } from '../rest/event-line.js';
import { REST_FLAGS, TIMEOUT_FLAG } from '../rest/flags.js';
import { GatewayApi, read } from '../rest/gateway-api.js';
import { limitFlag } from '../rest/paging.js';
import type { Terminal } from '../terminal.js';
import { sessionPath } from './sessions.js';

const MAX_LIMIT = 1000;
/** The gateway waits this long for an event, and answers before the time of one call is up. */
const MAX_WAIT_S = 30;
const BEFORE_TIMEOUT_S = 5;
const DEFAULT_TIMEOUT_S = 30;
const AGAIN_AFTER_MS = 1000;

export const eventsCommand: Command = {
  words: ['events'],
  about: 'Show what happened: in a relay session, or in all of the project and the deployment.',
  details:
    'One event a line: its time, type, session and what it says. With --json an event is one line of JSON, as the gateway\n' +
    'shows it. Without --follow the command prints one page and names the cursor after it. With --follow it prints what\n' +
    'comes from now on, or everything after --after, until Ctrl-C; it waits while the gateway cannot be reached.',
  operands: [],
  flags: [
    { name: 'session', value: 'ID', about: 'Only the events of this relay session.' },
    { name: 'types', value: 'TYPES', about: 'Only these types and families, such as session.ended,member.*.' },
    {
      name: 'after',
      value: 'CURSOR',
      about: 'Continue after the page that named this cursor; newest: only what comes.',
    },
    limitFlag(MAX_LIMIT),
    { name: 'follow', about: 'Wait for more, until Ctrl-C.' },
    ...REST_FLAGS,
  ],
  examples: [
    'events --session 0123456789ab-S',
    'events --follow --types session.*,member.left',
    'events --after 120 --json',
  ],
  async run(given, terminal) {
    const pages = new Pages(given);
    if (given.has('follow')) return follow(given, terminal, pages);
    const after = await pages.show(terminal, given.text('after'), 0);
    terminal.note(`Read on: --after ${after}\n`);
    return EXIT.done;
  },
};

class Pages {
  private readonly api: GatewayApi;
  private readonly path: string;
  private readonly query: Readonly<Record<string, string | number | null>>;

  constructor(private readonly given: Given) {
    this.api = new GatewayApi(given);
    const session = given.text('session');
    this.path = session === null ? '/v1/events' : `${sessionPath(session)}/events`;
    this.query = { types: given.text('types'), limit: given.integer('limit', { min: 1, max: MAX_LIMIT }) };
  }

  /** Prints a page. Returns the cursor after it. */
  async show({ print }: Terminal, after: string | null, waitS: number, signal?: AbortSignal): Promise<string> {
    const query = { ...this.query, after, wait_s: waitS === 0 ? null : waitS };
    const call = { method: 'GET', path: this.path, query } as const;
    const text = await this.api.native(signal === undefined ? call : { ...call, signal });
    const { events, next_after } = read(eventPage, text);
    if (events.length > 0) print(this.given.has('json') ? jsonLines(text) : events.map(eventLine).join(''));
    return next_after;
  }
}

async function follow(given: Given, terminal: Terminal, pages: Pages): Promise<number> {
  const timeoutS = given.integer(TIMEOUT_FLAG.name, { min: 1, max: 3600 }) ?? DEFAULT_TIMEOUT_S;
  const waitS = Math.max(1, Math.min(MAX_WAIT_S, timeoutS - BEFORE_TIMEOUT_S));
  const stop = new AbortController();
  const { signal } = stop;
  const stopped = new Promise<void>((resolve) => {
    terminal.onInterrupt(() => {
      stop.abort();
      resolve();
    });
  });
  let after = given.text('after') ?? 'newest';
  let isAway = false;
  for (;;) {
    // The first answer names a cursor, so that nothing is missed from then on.
    const next = await pages.show(terminal, after, after === 'newest' ? 0 : waitS, signal).catch(orAway);
    if (signal.aborted) return EXIT.done;
    if (typeof next === 'string') [after, isAway] = [next, false];
    else {
      if (!isAway) terminal.note(`${next.message}; trying again.\n`);
      isAway = true;
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS))]);
    }
  }
}

/** Only what may pass by itself is tried again. */
function orAway(error: unknown): CommandFailed {
  if (error instanceof CommandFailed && error.exitCode === EXIT.unavailable) return error;
  throw error;
}

/** Numbers stay as the gateway wrote them. */
function jsonLines(text: string): string {
  const page = parseExactJson(text, 'whole');
  const events: unknown = isObject(page) ? Reflect.get(page, 'events') : null;
  return Array.isArray(events) ? events.map((event) => `${writeExactJson(event)}\n`).join('') : '';
}
