/**
 * What does JSON of a hostile shape cost? `npm run bench:json-shapes` tells, for each shape, the CPU that a byte of it takes in
 * frames and in bodies against a byte of plain text, and what one attacker who sends it at the rate limit does to the event
 * loop and to a session beside. It decides nothing: a busy machine moves all of that.
 */
import { z } from 'zod';
import { whole } from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { percentile } from '../report/account.js';
import { Attack, type Felt } from './attack.js';
import { BODY_PLACES, bodyCosts, frameCosts, type Costs } from './costs.js';
import { FLAT, HOSTILE_SHAPES } from './json-shapes.js';
import { withGateway } from '../processes/gateway.js';

/** From the reliability matrix, row A23. */
const MAX_CPU_RATIO = 10;
const MAX_LAG_MS = 100;
const MAX_P99_RATIO = 2;

export const jsonShapes = defineScenario({
  name: 'json-shapes',
  summary: 'what JSON of hostile shapes costs, and what others feel of an attacker who sends it',
  options: z.object({ seconds: whole(1, 60).describe('how long each shape is sent').default(3) }),
  quick: {},
  async run({ seconds }) {
    print('CPU of a byte, against a byte of plain text: median of 5 rounds');
    for (const [place, costs] of Object.entries(frameCosts())) printCosts(place, costs);
    await withGateway(null, async (gateway) => {
      for (const place of BODY_PLACES) printCosts(`body: ${place.name}`, await bodyCosts(gateway, place));
    });
    await withGateway(null, async ({ url, key }) => {
      const { attack, crowd } = await Attack.prepare(url, key);
      print(
        `\nOne attacker at the rate limit, ${String(seconds)} s each: p99 of the session beside, and of the loop's lag`,
      );
      for (const shape of [FLAT, ...HOSTILE_SHAPES]) {
        const frames = [0, 1, 2, 3].map((n) => frameOf(n, shape.text(n % 2 === 0 ? 1_900 : 8_000)));
        // In halves, one behind the other: what else the machine does meets both.
        const felt: Felt[] = [];
        for (const sent of [[], frames, frames, []]) felt.push(await attack.watch(crowd, seconds / 2, sent));
        printFelt(shape.name, pooled([felt[0], felt[3]]), pooled([felt[1], felt[2]]));
      }
      crowd.stop();
      attack.end();
    });
    return { figures: {}, plots: [], broken: [] };
  },
});

function frameOf(n: number, value: string): string {
  return n % 4 < 2 ? `{"type":"state","state":${value}}` : `{"type":"from_the_future","x":${value}}`;
}

function printCosts(place: string, costs: Costs): void {
  const ranked = Object.entries(costs.ratios).toSorted(([, a], [, b]) => b - a);
  const [worst = ['', 0]] = ranked;
  print(`${mark(worst[1] <= MAX_CPU_RATIO)} ${place}: flat text ${costs.flatNs.toFixed(2)} ns/byte`);
  print(`     ${ranked.map(([name, ratio]) => `${name} ${ratio.toFixed(1)}`).join(', ')}`);
}

function printFelt(name: string, calm: Felt, felt: Felt): void {
  const [p99Ms, calmMs] = [p99(felt.tookMs), p99(calm.tookMs)];
  const isFine = felt.lagP99Ms < MAX_LAG_MS && p99Ms <= MAX_P99_RATIO * calmMs;
  print(
    `${mark(isFine)} ${name}: p99 ${p99Ms.toFixed(1)} ms (calm ${calmMs.toFixed(1)}), ` +
      `lag ${felt.lagP99Ms.toFixed(1)} ms (calm ${calm.lagP99Ms.toFixed(1)}), ${String(felt.frames)} frames, ` +
      `closed ${String(felt.closes)} times`,
  );
}

function pooled(felt: readonly (Felt | undefined)[]): Felt {
  const parts = felt.filter((each) => each !== undefined);
  return {
    tookMs: parts.flatMap(({ tookMs }) => tookMs),
    lagP99Ms: Math.max(...parts.map(({ lagP99Ms }) => lagP99Ms)),
    frames: parts.reduce((sum, { frames }) => sum + frames, 0),
    closes: parts.reduce((sum, { closes }) => sum + closes, 0),
  };
}

function p99(samples: readonly number[]): number {
  return percentile(samples, 0.99);
}

function mark(isFine: boolean): string {
  return isFine ? 'ok  ' : 'OVER';
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
