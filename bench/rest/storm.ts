/**
 * REST calls with as little load as possible: each connection writes a request, reads its answer, then writes the next.
 * It costs a third of what autocannon costs, so that the server is the side that runs out of time.
 * The scenario `rest` uses autocannon.
 */
import { dial, endpointOf } from '../client/dial.js';
import { BusyWatch, type Busy, type Watched } from '../measure/busy-watch.js';
import { Histogram } from '../measure/histogram.js';
import { Latencies } from '../measure/latencies.js';
import type { ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';

export interface StormTarget extends Watched {
  /** Without a slash at its end. */
  readonly url: string;
}

export interface StormPlan {
  readonly connections: number;
  /** After so many calls, or so many seconds. */
  readonly until: { readonly calls: number } | { readonly seconds: number };
  /** The nth request whole, as bytes of HTTP/1.1; from 0. */
  readonly request: (n: number) => string;
  /** The body of each 2xx answer. */
  readonly onAnswer?: (body: string) => void;
  readonly onProgress?: (calls: number) => void;
}

export interface StormResult extends Busy {
  readonly calls: number;
  /** Answers that are not 2xx. */
  readonly refused: number;
  /** Calls without an answer. */
  readonly failed: number;
  readonly seconds: number;
  readonly perS: number;
  readonly latency: Latencies;
  /** The first answer or error that went wrong; null when none did. */
  readonly problem: string | null;
}

const US_PER_MS = 1_000;
const PROGRESS_MS = 250;
const ANSWER_MS = 10_000;
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const OK = /^HTTP\/1\.1 2\d\d /;

/** A call that is refused or fails is counted, and the storm goes on. */
export function storm(target: StormTarget, plan: StormPlan): Promise<StormResult> {
  return new StormRun(target, plan, false).result();
}

/** Rejects at the first answer that is not 2xx, and when a connection ends. */
export async function strictStorm(
  target: StormTarget,
  plan: StormPlan,
): Promise<ServerRun & { readonly latency: Latencies }> {
  const { cpuUs, serverBusy, problem, ...rest } = await new StormRun(target, plan, true).result();
  demand(problem === null, problem ?? '');
  demand(cpuUs !== null && serverBusy !== null, "the server's process is known");
  demand(rest.calls > 0, `${target.url} answered nothing`);
  return { ...rest, cpuUs, serverBusy, p50Ms: rest.latency.atMs(0.5), p99Ms: rest.latency.atMs(0.99) };
}

class StormRun {
  private readonly latencyUs = new Histogram();
  private readonly startMs = performance.now();
  private newestMs = this.startMs;
  private made = 0;
  private calls = 0;
  private refused = 0;
  private failed = 0;
  private problem: string | null = null;

  constructor(
    private readonly target: StormTarget,
    private readonly plan: StormPlan,
    private readonly isStrict: boolean,
  ) {}

  async result(): Promise<StormResult> {
    const { plan, target } = this;
    const watch = new BusyWatch(target);
    const ticks = setInterval(() => plan.onProgress?.(this.calls), PROGRESS_MS);
    await Promise.all(Array.from({ length: plan.connections }, () => this.lane()));
    clearInterval(ticks);
    const { calls, refused, failed, problem } = this;
    const seconds = (this.newestMs - this.startMs) / 1000;
    const latency = Latencies.of(this.latencyUs.take());
    const busy = watch.read(calls, seconds);
    return { ...busy, calls, refused, failed, problem, seconds, perS: calls / seconds, latency };
  }

  /** One connection after the other, each as long as it lasts. */
  private async lane(): Promise<void> {
    while (!this.isOver) {
      const problem = await this.shoot();
      if (problem === null) return;
      this.failed += 1;
      this.problem ??= problem;
    }
  }

  private get isOver(): boolean {
    const { until } = this.plan;
    if (this.isStrict && this.problem !== null) return true;
    return 'calls' in until ? this.made >= until.calls : performance.now() >= this.startMs + until.seconds * 1000;
  }

  /**
   * Makes calls on one connection until the storm is over (null) or the connection ends (why). Rejects when it cannot
   * connect.
   */
  private shoot(): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const socket = dial(endpointOf(this.target.url), null);
      const answer = new Answer();
      let sentMs = 0;
      const next = (): void => {
        if (this.isOver) {
          resolve(null);
          socket.destroy();
          return;
        }
        const request = this.plan.request(this.made);
        this.made += 1;
        sentMs = performance.now();
        socket.write(request, 'latin1');
      };
      socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      let isOpen = false;
      // After `resolve` this changes nothing.
      const end = (error: Error): void => (isOpen ? resolve(error.message) : reject(error));
      socket.once('error', end);
      socket.once('close', () => end(new Error('the server closed a connection')));
      socket.once('connect', () => {
        isOpen = true;
        next();
      });
      socket.on('data', (bytes: Buffer) => {
        const body = answer.bodyWith(bytes);
        if (body === null) return;
        this.onAnswer(answer.take(), body, performance.now() - sentMs);
        next();
      });
    });
  }

  private onAnswer(head: string, body: string, tookMs: number): void {
    this.calls += 1;
    this.newestMs = performance.now();
    this.latencyUs.record(tookMs * US_PER_MS);
    if (OK.test(head)) {
      this.plan.onAnswer?.(Buffer.from(body, 'latin1').toString());
      return;
    }
    this.refused += 1;
    this.problem ??= `a call was answered ${head}${body.slice(0, 200)}`;
  }
}

/** The pieces of one answer. */
class Answer {
  private text = '';

  /** The body, once it is whole, in latin1: a character for each byte. */
  bodyWith(bytes: Buffer): string | null {
    this.text += bytes.toString('latin1');
    const headEnd = this.text.indexOf(HEAD_END);
    if (headEnd < 0) return null;
    const body = this.text.slice(headEnd + HEAD_END.length);
    if (CHUNKED.test(this.text.slice(0, headEnd))) return dechunked(body);
    const length = Number(LENGTH.exec(this.text)?.[1] ?? 0);
    return body.length >= length ? body : null;
  }

  /** The head. The next answer begins. */
  take(): string {
    const head = this.text.slice(0, this.text.indexOf(HEAD_END) + HEAD_END.length);
    this.text = '';
    return head;
  }
}

/** null while the last chunk has not come. */
function dechunked(body: string): string | null {
  let whole = '';
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const length = Number.parseInt(body.slice(at, lineEnd), 16);
    const from = lineEnd + 2;
    if (body.length < from + length + 2) return null;
    if (length === 0) return whole;
    whole += body.slice(from, from + length);
    at = from + length + 2;
  }
}
