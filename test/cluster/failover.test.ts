/** Nodes that die, freeze or block: their sessions go on elsewhere, and what they wake up with has no effect. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { Nodes } from '../support/nodes.js';
import { fieldsOf } from '../support/session-keys.js';

const LEASE_MS = 1_500;
const BLOCKED_MS = 3_000;
/** A node in which SIGUSR2 blocks the event loop. */
const BLOCKS = `process.on('SIGUSR2',()=>{const end=performance.now()+${String(BLOCKED_MS)};while(performance.now()<end);})`;
/** The tests share their machine: this much is not the gateway's. */
const SLACK_MS = 1_000;

// In this order: the last test kills a node.
describe('failover', () => {
  let nodes: Nodes;

  beforeAll(async () => {
    nodes = await Nodes.start(2, { SALLYPORT_LEASE_MS: String(LEASE_MS) }, [
      '--import',
      `data:text/javascript,${BLOCKS}`,
    ]);
  });

  afterAll(async () => {
    for (const { child } of nodes.processes) child.kill('SIGCONT');
    await nodes.stop();
  });

  /** The home and its epoch, as the store has them. */
  async function homeOf(id: string): Promise<{ readonly home: string | null; readonly epoch: number }> {
    const [home, epoch] = await nodes.client.hmget(fieldsOf(id), 'home', 'epoch');
    return { home: home ?? null, epoch: Number(epoch) };
  }

  async function metric(node: number, name: string): Promise<number> {
    const { body } = await nodes.at(node).call('GET', '/metrics');
    return Number(new RegExp(`^sallyport_${name} (\\d+)$`, 'm').exec(String(body))?.[1]);
  }

  async function membersAt(node: number, id: string): Promise<readonly { index: number; connected: boolean }[]> {
    const { status, body } = await nodes.at(node).native('GET', `/v1/relays/sessions/${id}/members`);
    if (status !== 200) throw new Error(`members answered ${String(status)}`);
    return (body as { members: { index: number; connected: boolean }[] }).members;
  }

  /**
   * Sends a reliable entry until it is acked: on a busy machine a node may lose its lease for a moment. Returns its
   * number. Refs begin at 100.
   */
  async function acked(client: Client): Promise<number> {
    let seq: number | undefined;
    let ref = 99 + client.of('ack').length;
    await eventually(async () => {
      ref += 1;
      const before = client.of('ack').length + client.of('error').length;
      client.relay({ deliveryClass: 2, ref, payload: `entry ${String(ref)}` });
      await eventually(() => (client.of('ack').length + client.of('error').length > before ? null : 'no answer'));
      seq = client.of('ack').find((ack) => ack.ref === ref)?.seq;
      return seq === undefined ? 'refused' : null;
    });
    return seq ?? 0;
  }

  /** Failed calls of the store, over all operations. */
  async function failuresAt(node: number): Promise<number> {
    const { body } = await nodes.at(node).call('GET', '/metrics');
    const found = [...String(body).matchAll(/^sallyport_store_failures_total\{[^}]*\} (\d+)$/gm)];
    return found.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** How far a counter has risen since the returned function was made. */
  async function riseOf(node: number, name: string): Promise<() => Promise<number>> {
    const before = await metric(node, name);
    return async () => (await metric(node, name)) - before;
  }

  it('F4, FO8, FO4 a frozen node: its session has another home in time, and after its return nothing of it counts', async () => {
    const session = await nodes.sessionAt(0, 2);
    const [a, b] = await Promise.all([0, 1].map((n) => Client.join(nodes.process(0).socketUrl, pairOf(session, n))));
    if (a === undefined || b === undefined) throw new Error('unreachable');
    await acked(a);
    const before = await homeOf(session.session_id);
    const [failovers, gaps, blocks] = await Promise.all([
      riseOf(1, 'failovers_total'),
      riseOf(0, 'lease_gaps_total'),
      riseOf(0, 'event_loop_blocks_total'),
    ]);
    expect(before.epoch).toBe(1);

    nodes.process(0).child.kill('SIGSTOP');
    const frozenAtMs = performance.now();
    // The frozen node will find this when it wakes: a reliable entry, a departure, and an order of its host.
    a.relay({ deliveryClass: 2, ref: 2, payload: 'stale' });
    a.say({ type: 'kick', index: b.index, ref: 3 });
    await eventually(async () => {
      const { home, epoch } = await homeOf(session.session_id);
      return home !== before.home && epoch === 2 ? null : `the home is ${String(home)}`;
    });
    const ownedMs = performance.now() - frozenAtMs;
    console.info(`frozen: owned elsewhere after ${ownedMs.toFixed(0)} ms`);
    expect(ownedMs).toBeLessThan(LEASE_MS + 2_000 + SLACK_MS);
    expect(await failovers()).toBe(1);
    const moved = await Client.join(nodes.process(1).socketUrl, a.welcome.resume.token);
    await acked(moved);
    await pause(Math.max(0, 4_000 - (performance.now() - frozenAtMs)));

    nodes.process(0).child.kill('SIGCONT');
    const wokenAtMs = performance.now();
    await eventually(() => (a.closed !== null && b.closed !== null ? null : 'the stale sockets are open'));
    expect(performance.now() - wokenAtMs).toBeLessThan(2_000);
    expect([a.closed, b.closed]).toEqual(Array(2).fill({ code: 4201, reason: 'moved' }));
    expect(a.of('ack').map(({ seq }) => seq)).toEqual([1]);
    const refused = a.of('error').filter(({ ref = 0 }) => ref < 100);
    expect(refused.map(({ ref, code }) => [ref, code])).toEqual([
      [2, 'store_unavailable'],
      [3, 'store_unavailable'],
    ]);
    // The sockets that the frozen node lost turn nobody away at the new home.
    await acked(moved);
    await eventually(async () => {
      const connected = (await membersAt(0, session.session_id)).map((member) => member.connected);
      return JSON.stringify(connected) === '[true,false]' ? null : JSON.stringify(connected);
    });
    expect(await homeOf(session.session_id)).toMatchObject({ epoch: 2 });
    expect(moved.of('member.left')).toEqual([]);
    expect(await gaps()).toBeGreaterThanOrEqual(1);
    expect(await blocks()).toBeGreaterThanOrEqual(1);
  });

  it('F5, FO8, FO9 a loop that is blocked for three seconds loses no session, and says so', async () => {
    const session = await nodes.sessionAt(0, 2);
    const a = await Client.join(nodes.process(0).socketUrl, pairOf(session, 0));
    const b = await Client.join(nodes.process(0).socketUrl, pairOf(session, 1));
    expect(await acked(a)).toBe(1);
    const [gaps, blocks] = [await riseOf(0, 'lease_gaps_total'), await riseOf(0, 'event_loop_blocks_total')];
    nodes.process(0).child.kill('SIGUSR2');
    await pause(BLOCKED_MS / 2);
    a.say({ type: 'ping', t: 1 });
    await a.expect('pong');
    await eventually(async () => ((await metric(0, 'lease_held')) === 1 ? null : 'the lease is not back'));
    expect(await acked(a)).toBe(2);
    await b.expectEntries(2);
    expect([a.closed, b.closed]).toEqual([null, null]);
    expect(await homeOf(session.session_id)).toMatchObject({ epoch: 1 });
    expect(await gaps()).toBeGreaterThanOrEqual(1);
    expect(await blocks()).toBeGreaterThanOrEqual(1);
    expect(nodes.process(0).output()).toContain('"event":"event_loop_blocked"');
    // A heartbeat, a check and a sweep may have been under way.
    expect(await failuresAt(0)).toBeLessThanOrEqual(4);
  });

  it('FO3, FO8 a killed home: who comes back waits for its lease; where nobody does, members are away, then seats are free', async () => {
    const short = { resume_window_ms: 2_000, max_users: 1 };
    const [missed, dead, alive] = await Promise.all([
      nodes.sessionAt(0, 2),
      nodes.sessionAt(0, 1, short),
      nodes.sessionAt(1, 1, short),
    ]);
    await Client.join(nodes.process(0).socketUrl, pairOf(missed, 0));
    const client = await Client.join(nodes.process(0).socketUrl, pairOf(dead));
    const control = await Client.join(nodes.process(1).socketUrl, pairOf(alive));
    nodes.process(0).child.kill('SIGKILL');
    const killedAtMs = performance.now();
    const sinceKill = (): number => performance.now() - killedAtMs;
    // Until the bus has noticed the silence, the home seems alive.
    await eventually(async () => ((await metric(1, 'nodes_heard')) === 0 ? null : 'the killed node is heard'));
    const back = await Client.join(nodes.process(1).socketUrl, pairOf(missed, 1));
    console.info(`killed: joined elsewhere after ${sinceKill().toFixed(0)} ms`);
    expect(sinceKill()).toBeGreaterThan((LEASE_MS * 4) / 5 - 100);
    expect(sinceKill()).toBeLessThan(LEASE_MS + SLACK_MS);
    expect(back.welcome.members).toHaveLength(2);

    const members = (): ReturnType<typeof membersAt> => membersAt(1, dead.session_id);
    expect(await members()).toMatchObject([{ connected: false }]);
    expect(sinceKill()).toBeLessThan(LEASE_MS + 1_000 + SLACK_MS);
    await eventually(async () => ((await members()).length === 0 ? null : 'the seat is held'));
    console.info(`killed: seats given back after ${sinceKill().toFixed(0)} ms`);
    expect(sinceKill()).toBeLessThan(LEASE_MS + 2_000 + short.resume_window_ms + SLACK_MS);
    const resume = client.welcome.resume.token;
    expect(await Client.attempt(nodes.process(1).socketUrl, resume)).toMatchObject({ status: 401 });
    const next = await Client.join(nodes.process(1).socketUrl, pairOf(dead));
    expect(next.welcome.you.role).toBe('host');
    // The control: the session of a live home was not touched.
    expect(await membersAt(1, alive.session_id)).toMatchObject([{ connected: true }]);
    expect(control.closed).toBeNull();
    expect(await homeOf(alive.session_id)).toMatchObject({ epoch: 1 });
    await eventually(async () => {
      const homes = await nodes.client.hlen('sallyport:{index}:homes');
      return homes === 1 ? null : `${String(homes)} nodes have rooms`;
    });
  });
});
