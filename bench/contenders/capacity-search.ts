/**
 * How much a server carries: the most clients at which p99 stays within 25 ms and 99.9 % of the deliveries come. The load
 * grows by a quarter until that does not hold, then the last step is halved three times; a load that fails is tried three
 * times, since a hiccup of the machine is no limit of the server.
 */
import { shareOf } from '../measure/cpu.js';
import type { Account, Cell } from '../report/account.js';
import { deliveredShare, percent } from '../report/load-report.js';
import { bareEngine, type Contender } from './contenders.js';
import type { Cores } from '../processes/cores.js';
import type { Result } from '../load/result.js';
import { loadOnce, robbedShare, type Load } from './load-once.js';

/** The issue's own bounds of a service that holds. */
const MAX_P99_MS = 25;
const MIN_DELIVERED = 0.999;
const GROWTH = 1.25;
const HALVINGS = 3;
const TRIES = 3;
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

/** A row for each contender. */
export function reportCapacities(account: Account, found: ReadonlyMap<string, Capacity>): void {
  const bare = found.get(bareEngine.name)?.best ?? null;
  const head = ['clients', 'deliveries/s', 'to bare', 'p50 ms', 'p99 ms', 'server busy %', 'load busy %', 'limited by'];
  account.table(
    ['capacity', ...head],
    [...found].map(([name, { best, clients, limitedBy }]): Cell[] => {
      if (best === null) return [name, 0, 0, '-', '-', '-', '-', '-', limitedBy];
      const { latencyMs, window } = best;
      return [
        name,
        clients,
        deliveriesPerS(best).toFixed(0),
        bare === null ? '-' : (deliveriesPerS(best) / deliveriesPerS(bare)).toFixed(2),
        latencyMs.p50.toFixed(2),
        latencyMs.p99.toFixed(2),
        window.serverCpu === null ? '-' : percent(shareOf(window.serverCpu, window.seconds)),
        percent(loadShare(best)),
        limitedBy,
      ];
    }),
  );
}

/** One contender alone. */
export async function findCapacity(
  account: Account,
  contender: Contender,
  load: Load,
  cores: Cores,
  maxClients = MAX_CLIENTS,
): Promise<Capacity> {
  const search = new Search(account, contender, load, cores, maxClients);
  while (!search.isOver) await search.step();
  return search.found;
}

/** Several in turn, a run of each and again, so that a machine that slows down for a minute does no harm to one of them. */
export async function findCapacities(
  account: Account,
  contenders: readonly Contender[],
  load: Load,
  cores: Cores,
): Promise<ReadonlyMap<string, Capacity>> {
  const searches = contenders.map(
    (contender) => [contender.name, new Search(account, contender, load, cores, MAX_CLIENTS)] as const,
  );
  while (searches.some(([, search]) => !search.isOver)) {
    for (const [, search] of searches) if (!search.isOver) await search.step();
  }
  return new Map(searches.map(([name, search]) => [name, search.found]));
}

class Search {
  isOver = false;
  private readonly attempts: Attempt[] = [];
  private good: { readonly clients: number; readonly result: Result } | null = null;
  private bad: number | null = null;
  private limitedBy: Capacity['limitedBy'] = 'server';
  private halvings = 0;
  private tries = 0;
  private clients: number;

  constructor(
    private readonly account: Account,
    private readonly contender: Contender,
    private readonly load: Load,
    private readonly cores: Cores,
    private readonly maxClients: number,
  ) {
    this.clients = load.clients;
  }

  get found(): Capacity {
    const { good, limitedBy, attempts } = this;
    return { best: good?.result ?? null, clients: good?.clients ?? 0, limitedBy, attempts };
  }

  /** One run. */
  async step(): Promise<void> {
    const { clients } = this;
    const result = await attempt(this.account, this.contender, { ...this.load, clients }, this.cores);
    if (result !== null) this.attempts.push(attemptOf(clients, result));
    this.tries += 1;
    if (result !== null && holds(result)) this.carried(clients, result);
    else if (this.tries === TRIES) this.notCarried(clients, result);
  }

  private carried(clients: number, result: Result): void {
    this.good = { clients, result };
    if (this.bad === null && clients >= this.maxClients) {
      this.limitedBy = 'clients';
      this.isOver = true;
    } else this.next(clients);
  }

  private notCarried(clients: number, result: Result | null): void {
    this.bad = clients;
    this.limitedBy = result !== null && loadShare(result) > BUSY ? 'load' : 'server';
    if (this.good === null) this.isOver = true;
    else this.next(this.good.clients);
  }

  private next(good: number): void {
    this.tries = 0;
    this.isOver = this.halvings === HALVINGS;
    if (this.bad !== null) this.halvings += 1;
    const wanted = this.bad === null ? Math.min(this.maxClients, good * GROWTH) : (good + this.bad) / 2;
    this.clients = wholeRooms(wanted, this.load);
  }
}

/** null when the run broke: a server that drops its clients does not carry them. */
async function attempt(account: Account, contender: Contender, load: Load, cores: Cores): Promise<Result | null> {
  try {
    const result = await loadOnce(contender, load, cores);
    const rate = Math.round(deliveriesPerS(result));
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
  const { latencyMs } = result;
  return {
    clients,
    deliveriesPerS: deliveriesPerS(result),
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    deliveredShare: deliveredShare(result),
  };
}

function holds(result: Result): boolean {
  return result.latencyMs.p99 <= MAX_P99_MS && deliveredShare(result) >= MIN_DELIVERED;
}

function loadShare({ window }: Result): number {
  return shareOf(window.loadCpu, window.seconds);
}

export function deliveriesPerS({ window }: Result): number {
  return window.deliveries / window.seconds;
}

function wholeRooms(clients: number, { roomsOf }: Load): number {
  return Math.round(clients / roomsOf) * roomsOf;
}
