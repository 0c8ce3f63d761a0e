/** Runs the sides of a comparison in turn, again and again: a machine that slows down must not harm one of them. */
import { demand } from '../processes/changes.js';
import { fixed, percent, type Account, type Columns } from '../report/account.js';
import { median, percentile } from './statistics.js';

/** A run in which other programs took more than this share of the time is repeated. */
const DISTURBED = 0.05;

export interface Repeats {
  readonly rounds: number;
  /** How often a run is repeated at most while other programs take the server's core. */
  readonly attempts: number;
}

export interface Side<R> {
  readonly name: string;
  run(): Promise<R>;
}

/** Every run reports this. */
export interface Robbed {
  /** The share of the time that something else had the server's core while the server was ready to run. */
  readonly robbed: number;
}

/** A run of a server under load. Busy: the share of a core. null: it does not apply. */
export interface ServerRun extends Robbed {
  readonly perS: number;
  readonly cpuUs: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly serverBusy: number;
  readonly loadBusy: number | null;
  readonly redisBusy: number | null;
}

export class Rounds<R extends Robbed> {
  private constructor(private readonly rounds: readonly ReadonlyMap<string, R>[]) {}

  static async of<R extends Robbed>(account: Account, repeats: Repeats, sides: readonly Side<R>[]): Promise<Rounds<R>> {
    const rounds: ReadonlyMap<string, R>[] = [];
    for (let i = 0; i < repeats.rounds; i += 1) {
      const round = new Map<string, R>();
      for (const side of sides) round.set(side.name, await calmest(repeats.attempts, () => side.run()));
      rounds.push(round);
      account.step(`round ${i + 1} of ${repeats.rounds}`);
    }
    return new Rounds(rounds);
  }

  median(name: string, of: (run: R) => number): number {
    const all = this.runsOf(name);
    const calm = all.filter(isCalm);
    return median(calm.length > 0 ? calm : all, of);
  }

  /** The median of the rounds' own ratios. Rounds in which something disturbed a side count only if all were so. */
  ratio(over: string, under: string, of: (run: R) => number): number {
    const fair = this.rounds.filter((round) => isFair(round, over, under));
    const ratios = (fair.length > 0 ? fair : this.rounds).map((round) => {
      const [a, b] = [round.get(over), round.get(under)];
      demand(a !== undefined && b !== undefined, `${over} and ${under} ran in every round`);
      return of(a) / of(b);
    });
    return percentile(ratios, 0.5);
  }

  /** Whether there is a round in which nothing disturbed either side. */
  isFair(over: string, under: string): boolean {
    return this.rounds.some((round) => isFair(round, over, under));
  }

  /** Whether something disturbed a side in every round. */
  get isDisturbed(): boolean {
    return !this.rounds.some(isCalmRound);
  }

  /** How many rounds nothing disturbed, of how many. */
  get calm(): string {
    return `${this.rounds.filter(isCalmRound).length}/${this.rounds.length}`;
  }

  /** In the order of the rounds. */
  runsOf(name: string): readonly R[] {
    return this.rounds.flatMap((round) => round.get(name) ?? []);
  }
}

interface Row {
  readonly name: string;
  readonly label?: string;
}

/** A row of medians for each side. `more` are further columns. */
export function reportRuns<R extends ServerRun>(
  account: Account,
  rounds: Rounds<R>,
  what: string,
  rows: readonly Row[],
  more: Columns<Row> = {},
): void {
  const hasRedis = rows.some(({ name }) => rounds.runsOf(name).some(({ redisBusy }) => redisBusy !== null));
  const medianOf =
    (of: (run: R) => number | null) =>
    ({ name }: Row): number | null =>
      rounds.runsOf(name).some((run) => of(run) === null) ? null : rounds.median(name, (run) => of(run) ?? 0);
  const cell = (digits: number, of: (run: R) => number | null) => (row: Row) => fixed(digits, medianOf(of)(row));
  const share = (of: (run: R) => number | null) => (row: Row) => percent(medianOf(of)(row));
  account.rows(rows, {
    [what]: ({ name, label = name }) => label,
    'per s': cell(0, ({ perS }) => perS),
    'server CPU us': cell(2, ({ cpuUs }) => cpuUs),
    'p50 ms': cell(2, ({ p50Ms }) => p50Ms),
    'p99 ms': cell(2, ({ p99Ms }) => p99Ms),
    'server busy %': share(({ serverBusy }) => serverBusy),
    'load busy %': share(({ loadBusy }) => loadBusy),
    ...(hasRedis ? { 'Redis busy %': share(({ redisBusy }) => redisBusy) } : {}),
    'robbed %': share(({ robbed }) => robbed),
    undisturbed: ({ name }) => `${rounds.runsOf(name).filter(isCalm).length}/${rounds.runsOf(name).length}`,
    ...more,
  });
}

async function calmest<R extends Robbed>(attempts: number, run: () => Promise<R>): Promise<R> {
  let best = await run();
  for (let attempt = 1; attempt < attempts && !isCalm(best); attempt += 1) {
    const again = await run();
    if (again.robbed < best.robbed) best = again;
  }
  return best;
}

function isCalmRound(round: ReadonlyMap<string, Robbed>): boolean {
  return [...round.values()].every(isCalm);
}

function isFair(round: ReadonlyMap<string, Robbed>, over: string, under: string): boolean {
  return [over, under].every((name) => isCalm(round.get(name) ?? { robbed: 1 }));
}

export function isCalm({ robbed }: Robbed): boolean {
  return robbed <= DISTURBED;
}
