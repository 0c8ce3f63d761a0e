/** Sides of a comparison in turn, again and again, so that a machine that slows down does not harm one of them. */
import { demand } from '../processes/changes.js';
import { percentile, type Account, type Cell } from '../report/account.js';

/** The share of a run that other processes may take before the run is made again. */
const DISTURBED = 0.05;

export interface Repeats {
  readonly rounds: number;
  /** How often a run is made at most while something else takes the server's core. */
  readonly attempts: number;
}

export interface Side<R> {
  readonly name: string;
  run(): Promise<R>;
}

/** What every run says about itself. */
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
    return percentile((calm.length > 0 ? calm : all).map(of), 0.5);
  }

  /** The median of the rounds' own ratios. Rounds in which something disturbed a side count only where all were. */
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

/** A row for each side: medians. `more` are further columns, by side. */
export function reportRuns<R extends ServerRun>(
  account: Account,
  rounds: Rounds<R>,
  what: string,
  rows: readonly { readonly name: string; readonly label?: string }[],
  more: Readonly<Record<string, (name: string) => Cell>> = {},
): void {
  const hasRedis = rows.some(({ name }) => rounds.runsOf(name).some(({ redisBusy }) => redisBusy !== null));
  const busy = ['server busy %', 'load busy %', ...(hasRedis ? ['Redis busy %'] : []), 'robbed %'];
  account.table(
    [what, 'per s', 'server CPU us', 'p50 ms', 'p99 ms', ...busy, 'undisturbed', ...Object.keys(more)],
    rows.map(({ name, label = name }) => {
      const cell = (digits: number, of: (run: R) => number | null): Cell => {
        const values = rounds.runsOf(name).map(of);
        return values.includes(null) ? '-' : rounds.median(name, (run) => of(run) ?? 0).toFixed(digits);
      };
      const percent = (of: (run: R) => number | null): Cell =>
        cell(1, (run) => {
          const share = of(run);
          return share === null ? null : 100 * share;
        });
      const calm = rounds.runsOf(name).filter(isCalm).length;
      return [
        label,
        cell(0, ({ perS }) => perS),
        cell(2, ({ cpuUs }) => cpuUs),
        cell(2, ({ p50Ms }) => p50Ms),
        cell(2, ({ p99Ms }) => p99Ms),
        percent(({ serverBusy }) => serverBusy),
        percent(({ loadBusy }) => loadBusy),
        ...(hasRedis ? [percent(({ redisBusy }) => redisBusy)] : []),
        percent(({ robbed }) => robbed),
        `${calm}/${rounds.runsOf(name).length}`,
        ...Object.values(more).map((of) => of(name)),
      ];
    }),
  );
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
