/** What connections cost in memory, joined to sessions of 8 and silent: garbage is collected before each look. */
import { Backend } from '../rest/backend.js';
import { demand } from '../processes/changes.js';
import { chooseCores } from '../processes/cores.js';
import { COLLECTABLE, settledBytes } from '../measure/memory.js';
import { withGateway } from '../processes/gateway.js';
import { openSessions } from '../rest/seats.js';
import { Visits } from '../visits/visits.js';
import type { Ratio } from './ratio.js';

const KB = 1024;
const ROOMS_OF = 8;
const AT_ONCE = 200;
const CLIENTS = { full: 10_000, short: 4_000 };
const MOST_KB = 8;

export interface MemoryStep {
  readonly clients: number;
  /** Over the empty process. */
  readonly kb: number;
}

export const idle: Ratio = {
  name: 'idle',
  summary: 'KB a connection over the empty process, joined to sessions of 8 and silent',
  async measure(account, { isShort }) {
    const [found] = await memoryAt([isShort ? CLIENTS.short : CLIENTS.full]);
    demand(found !== undefined, 'there was a step');
    const value = found.kb / found.clients;
    account.table(
      ['memory', 'MB over the empty process', 'KB/connection'],
      [[`${found.clients} connections`, (found.kb / KB).toFixed(1), value.toFixed(2)]],
    );
    return [{ name: 'idle: KB a connection', value, better: 'lower', target: MOST_KB, isDisturbed: false }];
  },
};

/** At one gateway that more and more connect to. */
export async function memoryAt(steps: readonly number[]): Promise<readonly MemoryStep[]> {
  return withGateway(
    null,
    async ({ url, key, pid }) => {
      const backend = new Backend(url, key);
      const emptyBytes = await settledBytes(pid, true);
      const found: MemoryStep[] = [];
      const visits: Visits[] = [];
      try {
        for (const [i, clients] of steps.entries()) {
          visits.push(await join(backend, clients - (steps[i - 1] ?? 0)));
          found.push({ clients, kb: ((await settledBytes(pid, true)) - emptyBytes) / KB });
        }
        return found;
      } finally {
        for (const each of visits) each.end();
      }
    },
    COLLECTABLE,
  );
}

async function join(backend: Backend, clients: number): Promise<Visits> {
  const seats = await openSessions(backend, { clients, roomsOf: ROOMS_OF });
  const visits = Visits.start(seats, ROOMS_OF, 1, chooseCores());
  const { done, failures } = await visits.connect(AT_ONCE, () => undefined);
  demand(done === clients, `${done} of ${clients} came: ${JSON.stringify(failures)}`);
  return visits;
}
