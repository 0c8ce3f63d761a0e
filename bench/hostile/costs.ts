/** The CPU time of a byte of each shape, in frames (in this process) and in bodies (of a gateway's process). */
import { parseClientControl } from '../../src/protocol/client-control.js';
import { BusyWatch } from '../measure/busy-watch.js';
import { median } from '../measure/statistics.js';
import { canWatchProcesses } from '../measure/cpu.js';
import { demand } from '../processes/changes.js';
import type { RunningGateway } from '../processes/gateway.js';
import { Backend, SESSIONS } from '../rest/backend.js';
import { FLAT, HOSTILE_SHAPES, type JsonShape } from './json-shapes.js';

export interface Costs {
  readonly flatNs: number;
  /** By the shape's name. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface BodyPlace {
  readonly name: string;
  readonly path: string;
  readonly body: (value: string) => string;
}

export const BODY_PLACES: readonly BodyPlace[] = [
  { name: 'users', path: SESSIONS, body: (v) => `{"users":${v}}` },
  { name: 'metadata', path: SESSIONS, body: (v) => `{"users":[{"ip":"10.0.0.1"}],"metadata":${v}}` },
  { name: 'a whole body', path: '/v1/users', body: (v) => v },
];

export const ROUNDS = 5;
const FRAME_MS = 40;
const REQUESTS = 60;
const FRAME_SIZES = { 'state of 2 KB': 1_900, 'frame of 16 KB': 16_000 };
const BODY_BYTES = 60_000;
const NS_PER_MS = 1e6;
const NS_PER_US = 1e3;
const SHAPES = [FLAT, ...HOSTILE_SHAPES];

export function frameCosts(): Readonly<Record<string, Costs>> {
  const measured = Object.entries(FRAME_SIZES).map(([name, bytes]) => {
    const frames = new Map(
      SHAPES.map((shape) => [shape, Buffer.from(`{"type":"state","state":${shape.text(bytes)}}`)]),
    );
    const rounds = Array.from({ length: ROUNDS }, () => new Map([...frames].map(([s, frame]) => [s, nsOf(frame)])));
    return [`frame: ${name}`, costsOf(rounds)] as const;
  });
  return Object.fromEntries(measured);
}

/** The shapes take turns, several times: whatever else the machine does then affects all of them. */
export async function bodyCosts(gateway: RunningGateway, place: BodyPlace): Promise<Costs> {
  const rounds: Map<JsonShape, number>[] = [];
  for (let n = 0; n <= ROUNDS; n += 1) {
    const round = new Map<JsonShape, number>();
    for (const shape of SHAPES) round.set(shape, await nsOfBody(gateway, place, place.body(shape.text(BODY_BYTES))));
    if (n > 0) rounds.push(round);
  }
  return costsOf(rounds);
}

function nsOf(frame: Buffer): number {
  const startMs = performance.now();
  let count = 0;
  for (; performance.now() - startMs < FRAME_MS; count += 1) parseClientControl(frame);
  return ((performance.now() - startMs) * NS_PER_MS) / (count * frame.length);
}

async function nsOfBody({ url, key, pid }: RunningGateway, { path }: BodyPlace, body: string): Promise<number> {
  demand(canWatchProcesses, 'the CPU time of bodies needs the /proc of Linux');
  const headers = new Backend(url, key).headers(path);
  const watch = new BusyWatch({ pid });
  for (let n = 0; n < REQUESTS; n += 1) {
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
  }
  return ((watch.read(REQUESTS).cpuUs ?? 0) * NS_PER_US) / body.length;
}

function costsOf(rounds: readonly ReadonlyMap<JsonShape, number>[]): Costs {
  const of = (shape: JsonShape): number => median(rounds, (round) => round.get(shape) ?? Number.NaN);
  const flatNs = of(FLAT);
  return { flatNs, ratios: Object.fromEntries(HOSTILE_SHAPES.map((shape) => [shape.name, of(shape) / flatNs])) };
}
