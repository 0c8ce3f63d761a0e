/** Row F1: SDK clients on two nodes, and one node is killed. `npm run test:long` runs it with 5,000 sockets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { percentile, runFailover } from '../support/failover-run.js';
import { assertClean } from '../support/history.js';
import { Nodes } from '../support/nodes.js';

const SOCKETS = Number(process.env['SALLYPORT_TEST_FAILOVER_SOCKETS'] ?? '200');
const JITTER_MS = Number(process.env['SALLYPORT_TEST_FAILOVER_JITTER_MS'] ?? '250');
/** `any`: half of the clients are connected to a node that is not their session's home. */
const AT = process.env['SALLYPORT_TEST_FAILOVER_AT'] === 'home' ? 'home' : 'any';
const MESSAGES_PER_S = 200;
const CALM_MS = SOCKETS > 1_000 ? 5_000 : 1_500;

describe('F1 a killed home', () => {
  let nodes: Nodes;

  beforeEach(async () => {
    nodes = await Nodes.start(2, SOCKETS > 1_000 ? { SALLYPORT_LEASE_MS: '1500' } : {});
  });

  afterEach(() => nodes.stop());

  it('F1, FO3 all its SDK clients resume at the other node; nothing is lost in silence, doubled or reordered', async () => {
    const plan = { sockets: SOCKETS, socketsPerSession: 10, messagesPerS: MESSAGES_PER_S, calmMs: CALM_MS };
    const figures = await runFailover(nodes, { ...plan, jitterMs: JITTER_MS, at: AT });
    const { resumedMs, resumed, presenceMs, refusedAcks, nodeCpuMs, clientCpuMs, report } = figures;
    const [p50, p99, most] = [0.5, 0.99, 1].map((part) => percentile(resumedMs, part));
    const { sent, acked, deliveries, breaks, lost, duplicated, reordered, strayed } = report;
    console.info(
      `F1: ${String(SOCKETS)} sockets at ${AT === 'home' ? 'their homes' : 'any node'}, jitter ${String(JITTER_MS)} ms: ${String(resumed)} of ${String(resumedMs.length)} ` +
        `resumed, p50 ${p50?.toFixed(0) ?? ''} p99 ${p99?.toFixed(0) ?? ''} max ${most?.toFixed(0) ?? ''} ms, presence right ` +
        `after ${presenceMs.toFixed(0)} ms; sent ${String(sent)}, acked ${String(acked)}, refused ${String(refusedAcks)}, ` +
        `CPU node ${nodeCpuMs.toFixed(0)} clients ${clientCpuMs.toFixed(0)} ms, deliveries ${String(deliveries)}, told of a gap ${String(breaks)}; lost ${String(lost.length)}, doubled ` +
        `${String(duplicated.length)}, reordered ${String(reordered.length)}, strayed ${String(strayed.length)}`,
    );
    expect(resumed).toBe(SOCKETS / 2);
    expect(sent).toBeGreaterThan(MESSAGES_PER_S);
    expect(deliveries).toBeGreaterThan(acked);
    assertClean(report);
    expect(most).toBeLessThanOrEqual(10_000);
    expect(presenceMs).toBeLessThanOrEqual(20_000);
  });
});
