/** A node that drains: its sessions go on at another node, and no client loses anything. */
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { ROOT_KEY } from '../support/gateway.js';
import { Nodes } from '../support/nodes.js';
import { openRaw } from '../support/raw-tcp.js';
import { mostClosesInASecond, Traffic, type TrafficReport } from '../support/traffic.js';

const CLEAN = { lost: 0, duplicates: 0, disordered: 0, strays: 0, unknown: 0, refused: 0, gaps: 0, unrecovered: 0 };

/** A message of the backend whose last bytes come later: the call runs while the node drains. */
async function halfOfAMessage(port: number, sessionId: string, text: string) {
  const body = JSON.stringify({ class: 'reliable', payload_base64: Buffer.from(text).toString('base64') });
  const head = [
    ...[`POST /v1/relays/sessions/${sessionId}/messages HTTP/1.1`, 'Host: x', 'Content-Type: application/json'],
    ...[`Authorization: Bearer ${ROOT_KEY}`, `Content-Length: ${String(body.length)}`],
  ];
  const raw = await openRaw(port, `${head.join('\r\n')}\r\n\r\n${body.slice(0, 3)}`);
  return { raw, finish: () => raw.write(body.slice(3)) };
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

describe('a node that drains', () => {
  let nodes: Nodes | null = null;
  let traffic: Traffic | null = null;

  afterEach(async () => {
    await Promise.all((traffic?.clients ?? []).map(({ sdk }) => sdk.stop()));
    await nodes?.stop();
    nodes = null;
    traffic = null;
  });

  /** Two nodes; all clients are on the first. They come back through the second, unless they are told another URL. */
  async function twoNodes(sizes: readonly number[]): Promise<{ nodes: Nodes; traffic: Traffic }> {
    const started = await Nodes.start(1);
    nodes = started;
    let entry = 0;
    const began = new Traffic({ url: () => started.process(entry).socketUrl, pauseMs: 20 });
    traffic = began;
    for (const size of sizes) await began.join(await started.at(0).createSession(size));
    await started.add();
    entry = 1;
    began.begin();
    await eventually(() => (began.clients.every(({ acked }) => acked.length > 3) ? null : 'not all send yet'));
    return { nodes: started, traffic: began };
  }

  const until = (began: Traffic, ms: number): Promise<TrafficReport> =>
    new Promise((resolve) => setTimeout(resolve, ms)).then(() => began.end());

  it('DR1 DR2 DR3 DR6 after SIGTERM sessions go on at another node, and no client loses a frame', async () => {
    const sizes = [...Array.from({ length: 40 }, () => 2), ...Array.from({ length: 10 }, () => 4), 40];
    const { nodes, traffic } = await twoNodes(sizes);
    const port = Number(new URL(nodes.process(0).url).port);
    const halves = await Promise.all(
      traffic.sessionIds.slice(0, 20).map((id) => halfOfAMessage(port, id, `${id}/backend:1`)),
    );
    const stopped = nodes.process(0).stop();
    const sinceMs = performance.now();
    await eventually(async () => ((await isRefused(port)) ? null : 'it still listens'), 5_000, 2);
    const deafAfterMs = performance.now() - sinceMs;
    for (const { finish } of halves) {
      finish();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually(() => (halves.every(({ raw }) => raw.isClosed) ? null : 'requests are not answered'));
    expect(halves.map(({ raw }) => raw.received.toString('latin1', 0, 12))).toEqual(halves.map(() => 'HTTP/1.1 200'));
    expect(deafAfterMs).toBeLessThan(1000);
    expect(await stopped).toBe(0);
    const report = await until(traffic, 500);
    expect(report).toMatchObject({ ...CLEAN, reconnects: 160, codes: { 4200: 160 } });
    expect(traffic.clients.map(({ goaways }) => goaways)).toEqual(traffic.clients.map(() => 1));
    expect(mostClosesInASecond(traffic.clients)).toBeLessThanOrEqual(160);
    expect(nodes.process(0).errors()).toBe('');
  });
});
