/**
 * REST calls by as little load as can be: each connection writes one request made beforehand and reads its answer, then
 * writes the next. It costs a third of what autocannon does, so that the server is what is short of time.
 */
import { connect, type Socket } from 'node:net';
import type { ServerRun } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { CoreWatch } from '../measure/core-watch.js';
import { cpuTimeBetween, cpuTimeOf, ownCpuTime, shareOf, type CpuTime } from '../measure/cpu.js';
import { Histogram } from '../measure/histogram.js';
import { Latencies } from '../measure/latencies.js';

export interface StormTarget {
  /** Without a slash at its end. */
  readonly url: string;
  readonly pid: number;
  /** The server's own; null: none. */
  readonly core: number | null;
  readonly redisPid: number | null;
}

export interface LeanPlan {
  readonly connections: number;
  readonly seconds: number;
  /** The nth request whole, as bytes of HTTP/1.1; from 0. */
  readonly request: (n: number) => string;
}

export interface LeanResult extends ServerRun {
  readonly latency: Latencies;
}

const US_PER_MS = 1_000;
const US_PER_S = 1e6;
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const OK = /^HTTP\/1\.1 2\d\d /;

/** Rejects at the first answer that is not 2xx, and when a connection ends. */
export async function leanStorm(target: StormTarget, plan: LeanPlan): Promise<LeanResult> {
  const latencyUs = new Histogram();
  let [n, answered] = [0, 0];
  const server = new CoreWatch(target.pid, target.core);
  const from = readings(target);
  const startMs = performance.now();
  const untilMs = startMs + plan.seconds * 1000;
  const next = (tookMs: number | null): string | null => {
    if (tookMs !== null) {
      answered += 1;
      latencyUs.record(tookMs * US_PER_MS);
    }
    n += 1;
    return performance.now() < untilMs ? plan.request(n - 1) : null;
  };
  const { hostname, port } = new URL(target.url);
  await Promise.all(Array.from({ length: plan.connections }, () => shoot(hostname, Number(port), next)));
  const seconds = (performance.now() - startMs) / 1000;
  const to = readings(target);
  const { cpu, robbedS } = server.read();
  demand(answered > 0, `${target.url} answered nothing`);
  const latency = Latencies.of(latencyUs.take());
  return {
    perS: answered / seconds,
    cpuUs: shareOf(cpu, answered) * US_PER_S,
    latency,
    p50Ms: latency.atMs(0.5),
    p99Ms: latency.atMs(0.99),
    serverBusy: shareOf(cpu, seconds),
    loadBusy: shareOf(cpuTimeBetween(from.load, to.load), seconds),
    redisBusy: shareOf(cpuTimeBetween(from.redis, to.redis), seconds),
    robbed: robbedS / seconds,
  };
}

const NOBODY: CpuTime = { userS: 0, systemS: 0, waitS: 0 };

function readings({ redisPid }: StormTarget): { readonly redis: CpuTime; readonly load: CpuTime } {
  return { redis: redisPid === null ? NOBODY : cpuTimeOf(redisPid), load: ownCpuTime() };
}

/** One connection, until `next` gives nothing more. */
function shoot(host: string, port: number, next: (tookMs: number | null) => string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const answer = new Answer();
    let sentMs = 0;
    const send = (tookMs: number | null): void => {
      const request = next(tookMs);
      if (request === null) {
        socket.destroy();
        resolve();
        return;
      }
      sentMs = performance.now();
      socket.write(request, 'latin1');
    };
    fail(socket, reject);
    socket.once('connect', () => send(null));
    socket.on('data', (bytes: Buffer) => {
      if (!answer.isWholeWith(bytes)) return;
      const head = answer.take();
      if (OK.test(head)) send(performance.now() - sentMs);
      else socket.destroy(new Error(`a call was answered ${head}`));
    });
  });
}

function fail(socket: Socket, reject: (error: Error) => void): void {
  socket.once('error', reject);
  // After `resolve` this changes nothing.
  socket.once('close', () => reject(new Error('the server closed a connection')));
}

/** The pieces of one answer. */
class Answer {
  private text = '';

  isWholeWith(bytes: Buffer): boolean {
    this.text += bytes.toString('latin1');
    const end = this.text.indexOf(HEAD_END);
    if (end < 0) return false;
    const length = Number(LENGTH.exec(this.text)?.[1] ?? 0);
    return this.text.length >= end + HEAD_END.length + length;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}
