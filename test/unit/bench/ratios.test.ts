import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Account } from '../../../bench/report/account.js';
import { betterOf, judge, readBaseline, writeBaseline, type Baseline } from '../../../bench/ratios/baseline.js';
import { checkAll, worsened } from '../../../bench/ratios/check.js';
import { isMet, SHORT, type Figure, type Ratio } from '../../../bench/ratios/ratio.js';
import { RATIOS, ratiosOf } from '../../../bench/ratios/all-ratios.js';
import { Rounds } from '../../../bench/measure/rounds.js';

const silent = (): Account => new Account(() => undefined);
const DAY = '2026-01-31';

function figure(value: number, better: Figure['better'] = 'higher', name = 'speed'): Figure {
  return { name, value, better, target: null, isDisturbed: false };
}

function kept(figures: Readonly<Record<string, number>>): Baseline {
  return { date: DAY, machine: 'a test', figures };
}

/** A ratio whose measurements are those, one after the other, and how many were made. */
function scripted(values: readonly number[], better: Figure['better'] = 'higher') {
  const made = { count: 0 };
  const ratio: Ratio = {
    name: 'scripted',
    summary: 'what the test says',
    measure: () => {
      made.count += 1;
      return Promise.resolve([figure(values[made.count - 1] ?? Number.NaN, better)]);
    },
  };
  return { ratio, made };
}

/** Sides whose runs are those, in order; the sides' names in the order they ran. */
function sides(runs: Readonly<Record<string, readonly (readonly [value: number, robbed: number])[]>>) {
  const order: string[] = [];
  const made = Object.entries(runs).map(([name, values]) => {
    let n = 0;
    const run = () => {
      order.push(name);
      const [value, robbed] = values[n] ?? [Number.NaN, 0];
      n += 1;
      return Promise.resolve({ value, robbed });
    };
    return { name, run };
  });
  return { made, order };
}

describe('rounds of a comparison', () => {
  const effort = { ...SHORT, rounds: 3, attempts: 1 };
  const valueOf = ({ value }: { readonly value: number }): number => value;

  it('BN8 sides take turns, and a ratio is the median of the rounds, so that a machine that slows down harms none', async () => {
    const { made, order } = sides({
      a: [
        [200, 0],
        [100, 0],
        [20, 0],
      ],
      b: [
        [100, 0],
        [50, 0],
        [10, 0],
      ],
    });
    const rounds = await Rounds.of(silent(), effort, made);
    expect(order.join('')).toBe('ababab');
    expect(rounds.ratio('a', 'b', valueOf)).toBe(2);
    expect(rounds.median('a', valueOf)).toBe(100);
  });

  it('BN8 a disturbed run is made again, and counts only where there is no other', async () => {
    const again = sides({
      a: [
        [1, 0.5],
        [9, 0],
      ],
      b: [[3, 0]],
    });
    const repeated = await Rounds.of(silent(), { ...effort, rounds: 1, attempts: 2 }, again.made);
    expect(again.order.join('')).toBe('aab');
    expect(repeated.ratio('a', 'b', valueOf)).toBe(3);
    const once = sides({
      a: [
        [1, 0.5],
        [8, 0],
        [1, 0.3],
      ],
      b: [
        [4, 0],
        [4, 0],
        [4, 0],
      ],
    });
    const rounds = await Rounds.of(silent(), effort, once.made);
    expect(rounds.ratio('a', 'b', valueOf)).toBe(2);
    expect(rounds.calm).toBe('1/3');
    const always = sides({ a: [[1, 0.5]], b: [[4, 0]] });
    const none = await Rounds.of(silent(), { ...effort, rounds: 1 }, always.made);
    expect(none.ratio('a', 'b', valueOf)).toBe(0.25);
  });

  it('BN8 --only picks by name, and refuses what it does not know', () => {
    expect(ratiosOf(undefined)).toBe(RATIOS);
    expect(ratiosOf('tokens,rest').map(({ name }) => name)).toEqual(['tokens', 'rest']);
    expect(() => ratiosOf('rest,speed')).toThrow(/--only knows rest,tokens,.*, not speed/);
  });

  it('BN8 a target is met from its better side', () => {
    expect(isMet({ ...figure(1.5), target: 1.5 })).toBe(true);
    expect(isMet({ ...figure(1.4), target: 1.5 })).toBe(false);
    expect(isMet({ ...figure(8.1, 'lower'), target: 8 })).toBe(false);
    expect(isMet(figure(0))).toBe(true);
  });
});

describe('figures that are kept', () => {
  it('BN9 a figure is worse beyond 15 % on its worse side alone', () => {
    const baseline = kept({ speed: 2, cost: 2 });
    const isWorse = (each: Figure): boolean => judge(each, baseline).isWorse;
    expect([2.4, 2, 1.75, 1.73].map((value) => isWorse(figure(value)))).toEqual([false, false, false, true]);
    expect([1, 2.29, 2.31].map((value) => isWorse(figure(value, 'lower', 'cost')))).toEqual([false, false, true]);
    expect(judge(figure(0.1, 'higher', 'new'), baseline)).toMatchObject({ kept: null, isWorse: false });
  });

  it('BN9 what seems worse is measured again, and is worse when it is so three times', async () => {
    const noisy = scripted([1, 1.2, 1.95]);
    const [verdict] = await checkAll(silent(), [noisy.ratio], SHORT, kept({ speed: 2 }));
    expect([verdict?.isWorse, verdict?.figure.value, noisy.made.count]).toEqual([false, 1.95, 3]);
    const worsened = scripted([1, 1.2, 1.1]);
    const [control] = await checkAll(silent(), [worsened.ratio], SHORT, kept({ speed: 2 }));
    expect([control?.isWorse, control?.figure.value, worsened.made.count]).toEqual([true, 1.2, 3]);
    const steady = scripted([2]);
    await checkAll(silent(), [steady.ratio], SHORT, kept({ speed: 2 }));
    expect(steady.made.count).toBe(1);
  });

  it('BN9 what is worse only while other programs are in the way is told, but no failure', () => {
    const worse = figure(1);
    const verdicts = [judge(worse, kept({ speed: 2 })), judge({ ...worse, isDisturbed: true }, kept({ speed: 2 }))];
    expect(verdicts.map(({ isWorse }) => isWorse)).toEqual([true, true]);
    expect(worsened(verdicts)).toEqual([verdicts[0]]);
    const disturbed = { ...figure(3), isDisturbed: true };
    expect(betterOf(disturbed, figure(1))).toEqual(figure(1));
    expect(betterOf(figure(1), disturbed)).toEqual(figure(1));
  });

  it('BN9 the better of two measurements counts', () => {
    expect(betterOf(figure(1), figure(2)).value).toBe(2);
    expect(betterOf(figure(1, 'lower'), figure(2, 'lower')).value).toBe(1);
  });

  it('BN9 new figures take the place of the old ones, with the day and the type of machine; others stay', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sallyport-baseline-test-'));
    try {
      const file = join(dir, 'baseline.json');
      writeBaseline(file, kept({ speed: 1, other: 3 }), [figure(2.123456)], DAY);
      const written = readBaseline(file);
      expect(written).toMatchObject({ date: DAY, figures: { speed: 2.123, other: 3 } });
      expect(written.machine).toMatch(/^\d+ cores, .*, Node /);
      expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
      writeFileSync(file, '{"figures":{"speed":"2"}}');
      expect(() => readBaseline(file)).toThrow();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
