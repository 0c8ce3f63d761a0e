/**
 * The memory of connections, joined to sessions of 8 and silent, and whether a delivery costs more, and a connection
 * needs more memory, when there are more of them.
 */
import { sallyport } from '../contenders/contenders.js';
import { Clients } from '../load/clients.js';
import { COLLECTABLE, KB, settledBytes } from '../measure/memory.js';
import { demand } from '../processes/changes.js';
import { chooseCores } from '../processes/cores.js';
import { withGateway } from '../processes/gateway.js';
import type { Account } from '../report/account.js';
import { Backend } from '../rest/backend.js';
import { openSessions } from '../rest/seats.js';
import { compareDeliveries, deliverySide, loadOf } from './deliveries.js';
import type { Effort, Figure, Ratio } from './ratio.js';

const ROOMS_OF = 8;
const AT_ONCE = 200;
const IDLE_CLIENTS = { full: 10_000, short: 4_000 };
const MOST_KB = 8;
const STEPS = [400, 800, 1_600, 3_200] as const;
const [FIRST, , , LAST] = STEPS;
/** Low enough that the last step leaves the server time. */
const RATE = 5;
/** An empty process has free memory within its pages. These steps are beyond it, else the first one would look cheap. */
const MEMORY_STEPS = { full: [3_200, 6_400, 9_600], short: [1_600, 3_200, 4_800] };

export const idle: Ratio = {
  name: 'idle',
  summary: 'KB a connection over the empty process, joined to sessions of 8 and silent',
  async measure(account, { isShort }) {
    const [found] = await memoryAt(account, [isShort ? IDLE_CLIENTS.short : IDLE_CLIENTS.full], 'connections');
    demand(found !== undefined, 'there was a step');
    const value = found.kb / found.clients;
    return [{ name: 'idle: KB a connection', value, better: 'lower', target: MOST_KB, isDisturbed: false }];
  },
};

export const growth: Ratio = {
  name: 'growth',
  summary: `CPU of a delivery and memory, ${LAST} sockets to ${FIRST}, each at ${RATE} Hz in rooms of 8`,
  async measure(account, effort) {
    const cpu = await cpuGrowth(account, effort);
    const steps = await memoryAt(account, effort.isShort ? MEMORY_STEPS.short : MEMORY_STEPS.full, 'sockets');
    const [first, second, third] = steps;
    demand(first !== undefined && second !== undefined && third !== undefined, 'all steps were made');
    const value = (third.kb - second.kb) / (second.kb - first.kb);
    const name = 'growth: memory of the last third of sockets to the one before';
    return [cpu, { name, value, better: 'lower', target: 1.2, isDisturbed: false }];
  },
};

/** Every socket sends at the same rate at each step. */
async function cpuGrowth(account: Account, effort: Effort): Promise<Figure> {
  const steps = effort.isShort ? [FIRST, LAST] : STEPS;
  const nameOf = (clients: number): string => `${clients} sockets`;
  const sides = steps.map((clients) => deliverySide(sallyport('auto'), loadOf(clients, RATE, effort), nameOf(clients)));
  const rounds = await compareDeliveries(account, effort, sides);
  const value = rounds.ratio(nameOf(LAST), nameOf(FIRST), ({ cpuUs }) => cpuUs);
  const name = `growth: CPU of a delivery, ${LAST} sockets to ${FIRST}`;
  return { name, value, better: 'lower', target: 1, isDisturbed: rounds.isDisturbed };
}

interface MemoryStep {
  readonly clients: number;
  /** Over the empty process. */
  readonly kb: number;
}

/** At one gateway to which more and more clients connect; prints the table. */
async function memoryAt(account: Account, steps: readonly number[], what: string): Promise<readonly MemoryStep[]> {
  const found = await withGateway(
    null,
    async ({ url, key, pid }) => {
      const backend = new Backend(url, key);
      const emptyBytes = await settledBytes(pid, true);
      const made: MemoryStep[] = [];
      const joined: Clients[] = [];
      try {
        for (const [i, clients] of steps.entries()) {
          joined.push(await join(backend, clients - (steps[i - 1] ?? 0)));
          made.push({ clients, kb: ((await settledBytes(pid, true)) - emptyBytes) / KB });
        }
        return made;
      } finally {
        for (const each of joined) each.end();
      }
    },
    COLLECTABLE,
  );
  account.rows(found, {
    memory: ({ clients }) => `${clients} ${what}`,
    'MB over the empty process': ({ kb }) => (kb / KB).toFixed(1),
    'KB/connection': ({ kb, clients }) => (kb / clients).toFixed(2),
  });
  return found;
}

async function join(backend: Backend, count: number): Promise<Clients> {
  const seats = await openSessions(backend, { clients: count, roomsOf: ROOMS_OF });
  const load = { ...seats, wire: 'sallyport', roomsOf: ROOMS_OF } as const;
  const clients = Clients.start(load, { workers: 1, cores: chooseCores() });
  const { done, failures } = await clients.connect(AT_ONCE);
  demand(done === count, `${done} of ${count} connected: ${JSON.stringify(failures)}`);
  return clients;
}
