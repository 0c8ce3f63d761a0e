/** The scenarios of `npm run bench`, in the order in which help lists them. A new one is a file and a line here. */
import type { Scenario } from '../cli/scenario.js';
import { avalanche } from './avalanche.js';
import { capacity } from './capacity.js';
import { idle } from './idle.js';
import { jitter } from './jitter/jitter.js';
import { join } from './join.js';
import { fanout, relay } from './relay.js';
import { rest } from './rest.js';
import { slowReaders } from './slow-readers/slow-readers.js';

export const SCENARIOS: readonly Scenario[] = [
  relay,
  fanout,
  join,
  idle,
  rest,
  jitter,
  slowReaders,
  avalanche,
  capacity,
];
