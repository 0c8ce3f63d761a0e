/** REST calls by autocannon: as many as it can over so many connections, each made anew, each timed. */
import autocannon from 'autocannon';
import { cpuTimeBetween, cpuTimeOf, ownCpuTime, shareOf } from '../measure/cpu.js';
import { Histogram } from '../measure/histogram.js';
import { Latencies } from '../measure/latencies.js';
import type { Gateway } from '../processes/target.js';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The relay surface takes `token <key>`, the native calls `Bearer <key>`. */
  readonly scheme: 'token' | 'Bearer';
  readonly body?: unknown;
}

export interface StormPlan {
  readonly connections: number;
  /** Until so many calls are made, or so many seconds have passed. */
  readonly until: { readonly calls: number } | { readonly seconds: number };
  /** The nth call, from 0. */
  readonly call: (n: number) => Call;
  readonly onAnswer?: (body: string) => void;
  readonly onProgress?: (calls: number) => void;
}

export interface StormResult {
  readonly calls: number;
  /** Answers that are not 2xx. */
  readonly refused: number;
  /** Calls without an answer. */
  readonly failed: number;
  readonly seconds: number;
  readonly latency: Latencies;
  /** Shares of a core; null where it is not known. */
  readonly serverCpuUsPerCall: number | null;
  readonly serverBusy: number | null;
  readonly redisBusy: number | null;
  readonly loadBusy: number;
}

const US_PER_MS = 1_000;
const US_PER_S = 1e6;
const PROGRESS_MS = 250;
/** How often autocannon looks whether it is done. */
const LOOK_MS = 100;

export async function storm(gateway: Gateway, plan: StormPlan): Promise<StormResult> {
  const latencyUs = new Histogram();
  const from = busyTimes(gateway);
  const startMs = performance.now();
  let newestMs = startMs;
  let answered = 0;
  const ticks = setInterval(() => plan.onProgress?.(answered), PROGRESS_MS);
  const { failed, refused } = await shoot(gateway, plan, (tookMs) => {
    answered += 1;
    newestMs = performance.now();
    latencyUs.record(tookMs * US_PER_MS);
  });
  clearInterval(ticks);
  // It ends when it looks again, whenever the last answer came.
  const seconds = (newestMs - startMs) / 1000;
  const to = busyTimes(gateway);
  const share = (which: 'server' | 'redis'): number | null => {
    const [before, after] = [from[which], to[which]];
    return before === null || after === null ? null : shareOf(cpuTimeBetween(before, after), seconds);
  };
  const serverBusy = share('server');
  return {
    calls: answered,
    refused,
    failed,
    seconds,
    latency: Latencies.of(latencyUs.take()),
    serverCpuUsPerCall: serverBusy === null ? null : (serverBusy * seconds * US_PER_S) / answered,
    serverBusy,
    redisBusy: share('redis'),
    loadBusy: shareOf(cpuTimeBetween(from.load, to.load), seconds),
  };
}

function shoot(
  { url, key }: Gateway,
  { connections, until, call, onAnswer }: StormPlan,
  onTimed: (tookMs: number) => void,
): Promise<{ readonly failed: number; readonly refused: number }> {
  let n = 0;
  const request: autocannon.Request = {
    setupRequest: (made) => {
      const { method, path, scheme, body } = call(n);
      n += 1;
      const headers = { authorization: `${scheme} ${key}`, 'content-type': 'application/json' };
      return { ...made, method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    },
    ...(onAnswer === undefined
      ? {}
      : { onResponse: (status, body) => (status >= 200 && status < 300 ? onAnswer(body) : undefined) }),
  };
  const limit = 'calls' in until ? { amount: until.calls } : { duration: until.seconds };
  const atOnce = 'calls' in until ? Math.min(connections, until.calls) : connections;
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      { url, connections: atOnce, ...limit, requests: [request], sampleInt: LOOK_MS },
      (error, result) => {
        if (error) reject(error instanceof Error ? error : new Error(String(error)));
        else resolve({ failed: result.errors, refused: result.non2xx });
      },
    );
    instance.on('response', (_client, _status, _bytes, tookMs) => onTimed(tookMs));
  });
}

function busyTimes({ pid, redisPid }: Gateway): Record<'server' | 'redis', ReturnType<typeof cpuTimeOf> | null> & {
  load: ReturnType<typeof cpuTimeOf>;
} {
  return {
    server: pid === null ? null : cpuTimeOf(pid),
    redis: redisPid === null ? null : cpuTimeOf(redisPid),
    load: ownCpuTime(),
  };
}
