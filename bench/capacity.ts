/**
 * How much a server carries: the most clients at which p99 stays within 25 ms and 99.9 % of the deliveries come. The load
 * grows by a quarter until that does not hold, then the last step is halved twice; a load that fails is tried twice,
 * since one hiccup of the machine is no limit of the server.
 */
import type { Account } from './account.js';
import type { Contender } from './contenders.js';
import type { Cores } from './cores.js';
import type { Result } from './load/result.js';
import { robbedShare, runOnce, type Load } from './rounds.js';

/** The issue's own bounds of a service that holds. */
const MAX_P99_MS = 25;
const MIN_DELIVERED = 0.999;
const GROWTH = 1.25;
const HALVINGS = 2;
const TRIES = 2;
/** A process may hold 20,000 descriptors. */
const MAX_CLIENTS = 15_000;
/** A generator this busy cannot load a server further: the limit found is its own. */
const BUSY = 0.97;

export interface Capacity {
  /** null when not even the first load was carried. */
  readonly best: Result | null;
  readonly clients: number;
  /** What ended the search: the server, or the load generator. */
  readonly limitedBy: 'server' | 'load' | 'clients';
  /** Every load that ran to its end, in the order they were tried. */
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly clients: number;
  readonly deliveriesPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly deliveredShare: number;
}

export async function findCapacity(
  account: Account,
  contender: Contender,
  load: Load,
  cores: Cores,
  maxClients = MAX_CLIENTS,
): Promise<Capacity> {
  const attempts: Attempt[] = [];
  const tryLoad = async (clients: number): Promise<Result | null> => {
    const result = await attempt(account, contender, { ...load, clients }, cores);
    if (result !== null) attempts.push(attemptOf(clients, result));
    return result;
  };
  let good: { readonly clients: number; readonly result: Result } | null = null;
  let bad: number | null = null;
  let limitedBy: Capacity['limitedBy'] = 'server';
  let clients = load.clients;
  for (let halvings = 0; halvings <= HALVINGS;) {
    const result = await bestOf(TRIES, () => tryLoad(clients));
    if (result !== null && holds(result)) good = { clients, result };
    else {
      bad = clients;
      limitedBy = result !== null && loadShare(result) > BUSY ? 'load' : 'server';
    }
    if (good === null) break;
    if (bad === null && clients >= maxClients) {
      return { best: good.result, clients: good.clients, limitedBy: 'clients', attempts };
    }
    if (bad !== null) halvings += 1;
    clients = wholeRooms(bad === null ? Math.min(maxClients, good.clients * GROWTH) : (good.clients + bad) / 2, load);
  }
  return { best: good?.result ?? null, clients: good?.clients ?? 0, limitedBy, attempts };
}

/** null when the run broke: a server that drops its clients does not carry them. */
async function attempt(account: Account, contender: Contender, load: Load, cores: Cores): Promise<Result | null> {
  try {
    const result = await runOnce(contender, load, cores);
    const rate = Math.round(result.window.deliveries / result.window.seconds);
    const robbed = result.window.serverCpu === null ? '-' : (100 * robbedShare(result)).toFixed(0);
    account.step(
      `${contender.name}: ${load.clients} clients, ${rate} deliveries/s, p99 ${result.latencyMs.p99.toFixed(1)} ms, ` +
        `${(100 * deliveredShare(result)).toFixed(2)} % delivered, robbed ${robbed} %`,
    );
    return result;
  } catch (error) {
    account.step(
      `${contender.name}: ${load.clients} clients: ${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
}

function attemptOf(clients: number, result: Result): Attempt {
  const { window, latencyMs } = result;
  const deliveriesPerS = window.deliveries / window.seconds;
  return {
    clients,
    deliveriesPerS,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    deliveredShare: deliveredShare(result),
  };
}

async function bestOf(tries: number, run: () => Promise<Result | null>): Promise<Result | null> {
  let last: Result | null = null;
  for (let i = 0; i < tries; i += 1) {
    last = await run();
    if (last !== null && holds(last)) return last;
  }
  return last;
}

function holds(result: Result): boolean {
  return result.latencyMs.p99 <= MAX_P99_MS && deliveredShare(result) >= MIN_DELIVERED;
}

function deliveredShare({ counts }: Result): number {
  return counts.due === 0 ? 0 : counts.delivered / counts.due;
}

function loadShare({ window }: Result): number {
  return (window.loadCpu.userS + window.loadCpu.systemS) / window.seconds;
}

function wholeRooms(clients: number, { roomsOf }: Load): number {
  return Math.round(clients / roomsOf) * roomsOf;
}
