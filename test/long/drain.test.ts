/** Drains under load, in their long form: `npm run test:long` sets the sizes, runs this file, and prints the figures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';
import { mostClosesInASecond, Traffic } from '../support/traffic.js';

const SOCKETS = Number(process.env['SALLYPORT_TEST_DRAIN_SOCKETS'] ?? 100);
const ROLLING = Number(process.env['SALLYPORT_TEST_ROLLING_SOCKETS'] ?? 24);
const LIMIT_MS = 300_000;
/** Frames a second, over all senders. */
const FRAMES_PER_S = 200;
const MEMBERS = 4;

const CLEAN = { lost: 0, duplicates: 0, disordered: 0, strays: 0, gaps: 0, unrecovered: 0 };

describe('drains under load', () => {
  let nodes: Nodes | null = null;
  let traffic: Traffic | null = null;

  afterEach(async () => {
    await Promise.all((traffic?.clients ?? []).map(({ sdk }) => sdk.stop()));
    await nodes?.stop();
    nodes = null;
    traffic = null;
  });

  /** All clients are on the first node. */
  async function fill(sockets: number, url: (started: Nodes) => string): Promise<{ nodes: Nodes; traffic: Traffic }> {
    const started = await Nodes.start(1);
    nodes = started;
    let isFilling = true;
    const began = new Traffic({
      url: () => (isFilling ? started.process(0).socketUrl : url(started)),
      pauseMs: (1000 * sockets) / FRAMES_PER_S,
    });
    traffic = began;
    for (let n = 0; n < sockets; n += MEMBERS * 10) {
      const many = Array.from({ length: Math.min(10, Math.ceil((sockets - n) / MEMBERS)) });
      await Promise.all(
        many.map(async () => began.join(await started.at(0).createSession(MEMBERS, { resume_window_ms: 120_000 }))),
      );
    }
    isFilling = false;
    return { nodes: started, traffic: began };
  }

  it(
    `DR1, DR2, DR6 ${String(SOCKETS)} sockets are drained from one of two nodes`,
    async () => {
      const { nodes, traffic } = await fill(SOCKETS, (started) => started.process(1).socketUrl);
      await nodes.add();
      traffic.begin();
      await sleep(2_000);
      const startedMs = performance.now();
      expect(await nodes.process(0).stop()).toBe(0);
      const exitedAfterMs = performance.now() - startedMs;
      await eventually(
        () => {
          const back = traffic.clients.filter(({ opens }) => opens.length > 1).length;
          return back === traffic.clients.length ? null : `${String(back)} are back`;
        },
        100_000,
        250,
      );
      const windowMs = SOCKETS;
      const backAfterMs =
        Math.max(...traffic.clients.flatMap(({ opens }) => opens.map(({ atMs }) => atMs))) - startedMs;
      const mostInASecond = mostClosesInASecond(traffic.clients);
      const report = await traffic.end();
      print('drain of one of two nodes', { sockets: SOCKETS, exitedAfterMs, backAfterMs, mostInASecond, ...report });
      expect(report).toMatchObject({ ...CLEAN, reconnects: traffic.clients.length });
      expect(Object.keys(report.codes)).toEqual(['4200']);
      expect(backAfterMs).toBeLessThan(windowMs + 5_000);
      expect(exitedAfterMs).toBeLessThan(30_000);
      if (windowMs > 2_000) expect(mostInASecond).toBeLessThanOrEqual((1.5 * SOCKETS) / (windowMs / 1000));
    },
    LIMIT_MS,
  );

  it(
    `DR1, DR2 a rolling restart of three nodes under ${String(ROLLING)} sockets loses nothing`,
    async () => {
      let turn = 0;
      const live = (started: Nodes): string => {
        const urls = started.processes.filter(({ child }) => child.exitCode === null).map(({ socketUrl }) => socketUrl);
        turn += 1;
        return urls[turn % urls.length] ?? '';
      };
      const { nodes, traffic } = await fill(ROLLING, live);
      await nodes.add();
      await nodes.add();
      traffic.begin();
      for (let n = 0; n < 3; n += 1) {
        await sleep(1_000);
        expect(await nodes.process(n).stop()).toBe(0);
        nodes.leave(n);
        if (n < 2) await nodes.add();
      }
      await sleep(1_000);
      const often = traffic.clients.filter(({ opens }) => opens.length - 1 > 2).length;
      const report = await traffic.end();
      print('rolling restart of three nodes', { sockets: ROLLING, moreThanTwoReconnects: often, ...report });
      expect(report).toMatchObject(CLEAN);
      expect(Object.keys(report.codes)).toEqual(['4200']);
    },
    LIMIT_MS,
  );
});

function print(name: string, figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${name}: ${JSON.stringify(figures, (_, value: unknown) => rounded(value))}\n`);
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value) : value;
}
