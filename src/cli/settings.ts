/** The settings of a gateway, among the variables of the environment. */
import type { Given } from './given.js';
import type { Environment } from './terminal.js';
import { CLIENT_VARIABLES } from './rest/flags.js';
import type { Flag } from './flag.js';

export const WORKERS_FLAG: Flag = {
  name: 'workers',
  value: 'N',
  about: 'Run N nodes on this machine, behind one port. Needs Redis.',
  variable: 'SALLYPORT_WORKERS',
};

/** A gateway refuses variables that it does not know, and knows none of those that only other commands read. */
export function settingsOf(given: Given, environment: Environment): Environment {
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !CLIENT_VARIABLES.includes(name)));
  const workers = given.text(WORKERS_FLAG.name);
  return workers === null ? own : { ...own, SALLYPORT_WORKERS: workers };
}
