/** Prints answers: as JSON when the user asked for it, otherwise for people. */
import type { Shape } from '../../lib/shape.js';
import { EXIT } from '../exit-codes.js';
import type { Given } from '../given.js';
import type { Terminal } from '../terminal.js';
import { counted } from '../text.js';
import { report, type Report } from './answers.js';
import { read } from './gateway-api.js';

/** `write` gets the parsed answer and prints it. */
export function showAnswer<T>(
  { given, terminal, shape, answer }: Showing<T>,
  write: (value: T, terminal: Terminal) => void,
): T {
  const value = read(shape, answer);
  if (given.has('json')) terminal.print(`${answer}\n`);
  else write(value, terminal);
  return value;
}

export interface Showing<T> {
  readonly given: Given;
  readonly terminal: Terminal;
  readonly shape: Shape<T>;
  readonly answer: string;
}

/** Prints a report of closed sockets. Returns the exit code: nodes that did not answer may still have open ones. */
export function showReport(given: Given, terminal: Terminal, answer: string, write: (value: Report) => string): number {
  const value = showAnswer({ given, terminal, shape: report, answer }, (shown) => {
    terminal.print(`${write(shown)}\n`);
  });
  if (value.nodes_timed_out === 0) return EXIT.done;
  if (!given.has('json'))
    terminal.note(`${counted(value.nodes_timed_out, 'node')} did not answer in time: try again.\n`);
  return EXIT.failed;
}
