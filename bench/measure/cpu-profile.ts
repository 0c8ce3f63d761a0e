/**
 * Reads V8's `.cpuprofile` files: the functions that took the time between two moments. V8 counts native code outside of
 * JavaScript, such as the engine's system calls, as `(idle)` or `(program)`; `perf` shows it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
  /** On the machine's monotonic clock, in microseconds. */
  startTime: z.number(),
  endTime: z.number(),
});

type Profile = z.output<typeof profile>;

export interface SelfTime {
  readonly name: string;
  /** The share of the whole time, idle time included. */
  readonly share: number;
}

/** The functions with the most time of their own, the most first, from the file in `dir` that covers the time. */
export function selfTimes(dir: string, fromUs: number, toUs: number, atMost: number): SelfTime[] {
  const { nodes, samples, timeDeltas, startTime } = profileOf(dir, fromUs, toUs);
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spentUs = new Map<string, number>();
  let atUs = startTime;
  let totalUs = 0;
  for (const [i, id] of samples.entries()) {
    const deltaUs = timeDeltas[i] ?? 0;
    atUs += deltaUs;
    if (atUs < fromUs || atUs > toUs) continue;
    const name = names.get(id) ?? '?';
    spentUs.set(name, (spentUs.get(name) ?? 0) + deltaUs);
    totalUs += deltaUs;
  }
  const all = [...spentUs].map(([name, us]) => ({ name, share: us / totalUs }));
  return all.toSorted((a, b) => b.share - a.share).slice(0, atMost);
}

function profileOf(dir: string, fromUs: number, toUs: number): Profile {
  for (const file of readdirSync(dir).toSorted().reverse()) {
    const read = profile.parse(JSON.parse(readFileSync(join(dir, file), 'utf8')));
    if (read.startTime <= fromUs && read.endTime >= toUs) return read;
  }
  throw new Error(`${dir} has no profile of the measured window`);
}

function nameOf({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
