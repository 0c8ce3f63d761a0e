/** A storm of REST calls by autocannon, the load of `bench rest`: a client that load testers know. */
import autocannon from 'autocannon';
import { BusyWatch } from '../measure/busy-watch.js';
import { Histogram } from '../measure/histogram.js';
import { Latencies } from '../measure/latencies.js';
import type { Backend, Call } from './backend.js';
import type { StormResult, StormTarget } from './storm.js';

export interface AutocannonPlan {
  readonly connections: number;
  readonly seconds: number;
  /** The nth call; from 0. */
  readonly call: (n: number) => Call;
  readonly onProgress?: (calls: number) => void;
}

const US_PER_MS = 1_000;
const PROGRESS_MS = 250;
/** How often autocannon checks whether its time is over. */
const CHECK_MS = 100;

/** Counts a call that is refused or fails, and goes on. */
export async function autocannonStorm(
  target: StormTarget,
  backend: Backend,
  plan: AutocannonPlan,
): Promise<StormResult> {
  const latencyUs = new Histogram();
  const watch = new BusyWatch(target);
  const startMs = performance.now();
  let newestMs = startMs;
  let calls = 0;
  let problem: string | null = null;
  const ticks = setInterval(() => plan.onProgress?.(calls), PROGRESS_MS);
  const { refused, failed } = await shoot(target, backend, plan, {
    onAnswer(status, tookMs) {
      calls += 1;
      newestMs = performance.now();
      latencyUs.record(tookMs * US_PER_MS);
      if (status < 200 || status > 299) problem ??= `a call was answered ${status}`;
    },
    onFailure(why) {
      problem ??= why;
    },
  }).finally(() => clearInterval(ticks));
  // Autocannon ends at one of its checks, which may come long after the last answer.
  const seconds = (newestMs - startMs) / 1000;
  const latency = Latencies.of(latencyUs.take());
  const busy = watch.read(calls, seconds);
  return { ...busy, calls, refused, failed, problem, seconds, perS: calls / seconds, latency };
}

interface Listener {
  onAnswer(status: number, tookMs: number): void;
  onFailure(why: string): void;
}

function shoot(
  { url }: StormTarget,
  backend: Backend,
  { connections, seconds, call }: AutocannonPlan,
  listener: Listener,
): Promise<Pick<StormResult, 'refused' | 'failed'>> {
  let n = 0;
  const setupRequest = (made: autocannon.Request): autocannon.Request => {
    const { method, path, body } = call(n);
    n += 1;
    const request = { ...made, method, path, headers: backend.headers(path) };
    return body === undefined ? request : { ...request, body: JSON.stringify(body) };
  };
  return new Promise((resolve, reject) => {
    const options = { url, connections, duration: seconds, requests: [{ setupRequest }], sampleInt: CHECK_MS };
    const instance = autocannon(options, (error, { non2xx, errors }) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)));
      else resolve({ refused: non2xx, failed: errors });
    });
    instance.on('response', (_client, status, _bytes, tookMs) => listener.onAnswer(status, tookMs));
    instance.on('reqError', (error: unknown) => listener.onFailure(String(error)));
  });
}
