/**
 * How much a server carries: the most clients at which p99 stays within 25 ms and 99.9 % of the deliveries arrive. The
 * load grows by a quarter until that fails, then the last step is halved three times. A load that fails is tried three
 * times, because one hiccup of the machine is no limit of the server.
 */
import type { Result } from '../load/result.js';
import type { Cores } from '../processes/cores.js';
import { fixed, percent, type Account } from '../report/account.js';
import { deliveredShare, deliveriesPerS, saturationOfResult } from '../report/load-report.js';
import { bareEngine, type Contender } from './contenders.js';
import { deliveryRunOf, loadOnce, type Load } from './load-once.js';

const MAX_P99_MS = 25;
const MIN_DELIVERED = 0.999;
const GROWTH = 1.25;
const HALVINGS = 3;
const TRIES = 3;
/** A process may hold 20,000 descriptors. */
export const MAX_CLIENTS = 15_000;
/** A load that is this busy cannot load a server further: the limit found is its own. */
const BUSY = 0.97;

export interface Capacity {
  /** null when not even the first load was carried. */
  readonly best: Result | null;
  readonly clients: number;
  /** The reason why the search ended: the server's limit, the load's, or the most clients there may be. */
  readonly limitedBy: 'server' | 'load' | 'clients';
  /** Every load that ran to its end, in the order they were tried. */
  readonly attempts: readonly Attempt[];
}

export type Attempt = ReturnType<typeof attemptOf>;

/** A row for each contender. */
export function reportCapacities(account: Account, found: ReadonlyMap<string, Capacity>): void {
  const bare = found.get(bareEngine.name)?.best ?? null;
  const ofBest = (show: (best: Result) => string) => (row: readonly [string, Capacity]) =>
    row[1].best === null ? '-' : show(row[1].best);
  const saturation = (show: (saturation: ReturnType<typeof saturationOfResult>) => string) =>
    ofBest((best) => show(saturationOfResult(best)));
  account.rows([...found], {
    capacity: ([name]) => name,
    clients: ([, { clients }]) => clients,
    'deliveries/s': ofBest((best) => deliveriesPerS(best).toFixed(0)),
    'to bare': ofBest((best) => fixed(2, bare === null ? null : deliveriesPerS(best) / deliveriesPerS(bare))),
    'p50 ms': ofBest(({ latencyMs }) => latencyMs.p50.toFixed(2)),
    'p99 ms': ofBest(({ latencyMs }) => latencyMs.p99.toFixed(2)),
    'server busy %': saturation(({ serverBusy }) => percent(serverBusy)),
    'load busy %': saturation(({ loadBusy }) => percent(loadBusy)),
    'limited by': ([, { limitedBy }]) => limitedBy,
  });
}

/** Searches for all in turn, one run of each at a time: a machine that slows down for a minute harms all alike. */
export async function findCapacities(
  account: Account,
  contenders: readonly Contender[],
  load: Load,
  cores: Cores,
): Promise<ReadonlyMap<string, Capacity>> {
  const searches = contenders.map((contender) => new Search(account, contender, load, cores));
  while (searches.some(({ isOver }) => !isOver)) {
    for (const search of searches) if (!search.isOver) await search.step();
  }
  return new Map(searches.map((search, i) => [contenders[i]?.name ?? '', search.found]));
}

/** The search for the capacity of one contender. */
export class Search {
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
    private readonly maxClients = MAX_CLIENTS,
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
    const result = await this.attempt(clients);
    if (result !== null) this.attempts.push(attemptOf(clients, result));
    this.tries += 1;
    const holds = result !== null && result.latencyMs.p99 <= MAX_P99_MS && deliveredShare(result) >= MIN_DELIVERED;
    if (holds) this.carried(clients, result);
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
    this.limitedBy = result !== null && saturationOfResult(result).loadBusy > BUSY ? 'load' : 'server';
    if (this.good === null) this.isOver = true;
    else this.next(this.good.clients);
  }

  private next(good: number): void {
    this.tries = 0;
    this.isOver = this.halvings === HALVINGS;
    if (this.bad !== null) this.halvings += 1;
    const wanted = this.bad === null ? Math.min(this.maxClients, good * GROWTH) : (good + this.bad) / 2;
    const { roomsOf } = this.load;
    this.clients = Math.round(wanted / roomsOf) * roomsOf;
  }

  /** null when the run broke: a server that drops its clients does not carry them. */
  private async attempt(clients: number): Promise<Result | null> {
    const { account, contender, load, cores } = this;
    const head = `${contender.name}: ${clients} clients`;
    try {
      const result = await loadOnce(contender, { ...load, clients }, cores);
      const robbed = result.window.serverCpu === null ? null : deliveryRunOf(result).robbed;
      account.step(
        `${head}, ${deliveriesPerS(result).toFixed(0)} deliveries/s, p99 ${result.latencyMs.p99.toFixed(1)} ms, ` +
          `${percent(deliveredShare(result), 2)} % delivered, robbed ${percent(robbed, 0)} %`,
      );
      return result;
    } catch (error) {
      account.step(`${head}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }
}

function attemptOf(clients: number, result: Result) {
  const { p50: p50Ms, p99: p99Ms } = result.latencyMs;
  return { clients, deliveriesPerS: deliveriesPerS(result), p50Ms, p99Ms, deliveredShare: deliveredShare(result) };
}
