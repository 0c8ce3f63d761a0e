/**
 * Row F14: sessions expire beside live ones. `npm test` runs the short form; for the long one set
 * `SALLYPORT_TEST_EXPIRING=10000 SALLYPORT_TEST_LIVE_KEYS=300000`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Nodes } from '../support/nodes.js';
import { runExpiry, undoClaims, type ExpiryFigures } from '../support/redis-expiry.js';

const SESSIONS = Number(process.env['SALLYPORT_TEST_EXPIRING'] ?? 2_000);
const LIVE_KEYS = Number(process.env['SALLYPORT_TEST_LIVE_KEYS'] ?? 5_000);
/** The protection is off: enough for both nodes to sweep at the same time, whichever runs first. */
const CONTROL_SESSIONS = 3_000;
const LATEST_MS = 2_000;
/** The short form shares the machine with other tests, which slow the sweep. */
const REMOVED_WITHIN_MS = SESSIONS > 2_000 ? LATEST_MS : 2 * LATEST_MS;

describe('F14 sessions that expire', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(2);
  });

  afterAll(() => nodes.stop());

  it('RF9 (F14) those that end in one second are removed within 2 s, once each, and their sockets are closed', async () => {
    const sockets = Math.min(400, SESSIONS / 10);
    const figures = await runExpiry(nodes, {
      ...{ sessions: SESSIONS, prolonged: SESSIONS / 10, sockets, liveKeys: LIVE_KEYS },
      patienceMs: 15_000,
    });
    print('F14', figures);
    expect(figures).toMatchObject({ neverRemoved: 0, removedMoreThanOnce: 0, removedAlive: 0 });
    expect(figures.codes).toEqual({ 4006: sockets });
    expect(figures.removedMs.at(0)).toBeGreaterThanOrEqual(0);
    expect(figures.removedMs.at(-1)).toBeLessThanOrEqual(REMOVED_WITHIN_MS);
    expect(figures.closedMs.at(-1)).toBeLessThanOrEqual(LATEST_MS);
  });

  it('RF9 (F14) control: without claims sessions are removed twice, and while the nodes are frozen none is', async () => {
    const disturb = (): (() => void) => {
      for (const { child } of nodes.processes) child.kill('SIGSTOP');
      const calm = undoClaims(nodes.client);
      const timer = setTimeout(() => {
        for (const { child } of nodes.processes) child.kill('SIGCONT');
      }, LATEST_MS + 1_000);
      return () => {
        clearTimeout(timer);
        calm();
      };
    };
    const figures = await runExpiry(nodes, {
      ...{ sessions: CONTROL_SESSIONS, prolonged: 0, sockets: 0, liveKeys: 0 },
      ...{ disturb, patienceMs: 15_000 },
    });
    print('F14, control', figures);
    expect(figures.removedMs.at(-1)).toBeGreaterThan(LATEST_MS);
    expect(figures.removedMoreThanOnce).toBeGreaterThan(0);
  });
});

function print(name: string, { removedMs, closedMs, ...rest }: ExpiryFigures): void {
  const spread = (sorted: readonly number[]): string => {
    const at = (part: number): string => String(Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? NaN));
    return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms of ${String(sorted.length)}`;
  };
  console.log(`${name}: removed ${spread(removedMs)}; closed ${spread(closedMs)}; ${JSON.stringify(rest)}`);
}
