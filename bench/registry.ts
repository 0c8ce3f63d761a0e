/** The scenarios of `npm run bench`, in the order in which help lists them. A new one is a file and a line here. */
import type { Scenario } from './scenario.js';
import { avalanche } from './scenarios/avalanche.js';
import { capacity } from './scenarios/capacity.js';
import { fanout } from './scenarios/fanout.js';
import { idle } from './scenarios/idle.js';
import { jitter } from './scenarios/jitter.js';
import { join } from './scenarios/join.js';
import { relay } from './scenarios/relay.js';
import { rest } from './scenarios/rest.js';
import { slowReaders } from './scenarios/slow-readers.js';

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
