/** Sides of a comparison in turn, again and again, so that a machine that slows down does no harm to one of them. */
import { percentile, type Account } from '../report/account.js';
import { demand } from '../processes/changes.js';
import type { Effort } from './ratio.js';

/** The share of a run that other processes may take without it being made again. */
const DISTURBED = 0.05;

export interface Side<R> {
  readonly name: string;
  run(): Promise<R>;
}

/** What every run says of itself. */
interface Run {
  /** The share of the time that something else had the server's core while the server was ready to run. */
  readonly robbed: number;
}

export class Rounds<R extends Run> {
  private constructor(private readonly rounds: readonly ReadonlyMap<string, R>[]) {}

  static async of<R extends Run>(account: Account, effort: Effort, sides: readonly Side<R>[]): Promise<Rounds<R>> {
    const rounds: ReadonlyMap<string, R>[] = [];
    for (let i = 0; i < effort.rounds; i += 1) {
      const round = new Map<string, R>();
      for (const side of sides) round.set(side.name, await calmest(effort.attempts, () => side.run()));
      rounds.push(round);
      account.step(`round ${i + 1} of ${effort.rounds}`);
    }
    return new Rounds(rounds);
  }

  median(name: string, of: (run: R) => number): number {
    const all = this.rounds.flatMap((round) => round.get(name) ?? []);
    const calm = all.filter(isCalm);
    return percentile((calm.length > 0 ? calm : all).map(of), 0.5);
  }

  /** The median of the rounds' own ratios; of rounds in which something disturbed a side only when there are no others. */
  ratio(over: string, under: string, of: (run: R) => number): number {
    const ratios = this.rounds.map((round) => {
      const [a, b] = [round.get(over), round.get(under)];
      demand(a !== undefined && b !== undefined, `${over} and ${under} ran in every round`);
      return { value: of(a) / of(b), isCalm: isCalm(a) && isCalm(b) };
    });
    const calm = ratios.filter((each) => each.isCalm);
    const values = (calm.length > 0 ? calm : ratios).map(({ value }) => value);
    return percentile(values, 0.5);
  }

  /** Whether there was no round without something that disturbed a side. */
  get isDisturbed(): boolean {
    return !this.rounds.some((round) => [...round.values()].every(isCalm));
  }

  /** How many rounds nothing disturbed, of how many. */
  get calm(): string {
    const undisturbed = this.rounds.filter((round) => [...round.values()].every(isCalm));
    return `${undisturbed.length}/${this.rounds.length}`;
  }
}

async function calmest<R extends Run>(attempts: number, run: () => Promise<R>): Promise<R> {
  let best = await run();
  for (let attempt = 1; attempt < attempts && !isCalm(best); attempt += 1) {
    const again = await run();
    if (again.robbed < best.robbed) best = again;
  }
  return best;
}

function isCalm({ robbed }: Run): boolean {
  return robbed <= DISTURBED;
}
