/**
 * The cost of JSON of a hostile shape: for each shape the CPU time of a byte in frames and in bodies, against a byte of
 * plain text; and how an attacker who sends it at the rate limit affects the event loop and another session. It fails
 * for none of that, because a busy machine changes all of it.
 */
import { z } from 'zod';
import { whole } from '../cli/options.js';
import { defineScenario } from '../cli/scenario.js';
import { percentile, sumOf } from '../measure/statistics.js';
import { withGateway } from '../processes/gateway.js';
import { Attack, type Felt } from './attack.js';
import { BODY_PLACES, bodyCosts, frameCosts, ROUNDS, type Costs } from './costs.js';
import { FLAT, HOSTILE_SHAPES } from './json-shapes.js';

const MAX_CPU_RATIO = 10;
const MAX_LAG_MS = 100;
const MAX_P99_RATIO = 2;

type Print = (line: string) => void;

export const jsonShapes = defineScenario({
  name: 'json-shapes',
  summary: 'the cost of JSON of hostile shapes, and how an attacker who sends it affects others',
  options: z.object({ seconds: whole(1, 60).describe('how long each shape is sent, in seconds').default(3) }),
  quick: {},
  async run({ seconds }, { account }) {
    const print: Print = (line) => account.line(line);
    print(`CPU of a byte, against a byte of plain text: median of ${ROUNDS} rounds`);
    for (const [place, costs] of Object.entries(frameCosts())) printCosts(print, place, costs);
    await withGateway(null, async (gateway) => {
      for (const place of BODY_PLACES) printCosts(print, `body: ${place.name}`, await bodyCosts(gateway, place));
    });
    await withGateway(null, async ({ url, key }) => {
      const { attack, crowd } = await Attack.prepare(url, key);
      print(`\nOne attacker at the rate limit, ${seconds} s each: p99 of the other session, and of the loop's lag`);
      for (const shape of [FLAT, ...HOSTILE_SHAPES]) {
        const frames = [0, 1, 2, 3].map((n) => frameOf(n, shape.text(n % 2 === 0 ? 1_900 : 8_000)));
        // In halves, one after the other: whatever else the machine does then affects both.
        const felt: Felt[] = [];
        for (const sent of [[], frames, frames, []]) felt.push(await attack.watch(crowd, seconds / 2, sent));
        printFelt(print, shape.name, pooled([felt[0], felt[3]]), pooled([felt[1], felt[2]]));
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

function printCosts(print: Print, place: string, costs: Costs): void {
  const ranked = Object.entries(costs.ratios).toSorted(([, a], [, b]) => b - a);
  const [worst = ['', 0]] = ranked;
  print(`${mark(worst[1] <= MAX_CPU_RATIO)} ${place}: flat text ${costs.flatNs.toFixed(2)} ns/byte`);
  print(`     ${ranked.map(([name, ratio]) => `${name} ${ratio.toFixed(1)}`).join(', ')}`);
}

function printFelt(print: Print, name: string, calm: Felt, felt: Felt): void {
  const [p99Ms, calmMs] = [percentile(felt.tookMs, 0.99), percentile(calm.tookMs, 0.99)];
  const isFine = felt.lagP99Ms < MAX_LAG_MS && p99Ms <= MAX_P99_RATIO * calmMs;
  print(
    `${mark(isFine)} ${name}: p99 ${p99Ms.toFixed(1)} ms (calm ${calmMs.toFixed(1)}), ` +
      `lag ${felt.lagP99Ms.toFixed(1)} ms (calm ${calm.lagP99Ms.toFixed(1)}), ${felt.frames} frames, ` +
      `closed ${felt.closes} times`,
  );
}

function pooled(felt: readonly (Felt | undefined)[]): Felt {
  const parts = felt.filter((each) => each !== undefined);
  return {
    tookMs: parts.flatMap(({ tookMs }) => tookMs),
    lagP99Ms: Math.max(...parts.map(({ lagP99Ms }) => lagP99Ms)),
    frames: sumOf(parts, ({ frames }) => frames),
    closes: sumOf(parts, ({ closes }) => closes),
  };
}

function mark(isFine: boolean): string {
  return isFine ? 'ok  ' : 'OVER';
}
