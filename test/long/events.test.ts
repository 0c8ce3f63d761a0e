/**
 * Events and webhooks while nodes are killed. Backends create, change and end sessions at all nodes, and repeat what fails
 * under its Idempotency-Key. Offline, the logs and what the webhook's target got are compared.
 * SALLYPORT_TEST_EVENTS sets how many events there are.
 */
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer, Backend } from '../support/backend.js';
import { eventually } from '../support/eventually.js';
import { inParallel } from '../support/in-parallel.js';
import { Nodes } from '../support/nodes.js';
import { startTarget, type WebhookTarget } from '../support/webhook-target.js';

const EVENTS = Number(process.env['SALLYPORT_TEST_EVENTS'] ?? 200);
/** session.ready, the changes, session.ended. */
const EVENTS_EACH = 20;
const SESSIONS = Math.ceil(EVENTS / EVENTS_EACH);
const DELIVERED_WITHIN_MS = 120_000;

interface Setting {
  readonly nodes: Nodes;
  readonly target: WebhookTarget;
  readonly verifier: Webhook;
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly session_id: string;
}

describe('events while nodes are killed', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  test('EK1 a gateway is killed and started again: each event is in its log and is delivered, in order', async () => {
    const setting = await start(1);
    const { nodes } = setting;
    const sessions = await runTraffic(nodes, async () => {
      await nodes.process(0).stop('SIGKILL');
      nodes.leave(0);
      await nodes.add();
    });
    await requireAll(setting, sessions);
  });

  test('EK2 one of two nodes is killed: each event is in its log and is delivered, in order', async () => {
    const setting = await start(2);
    const { nodes } = setting;
    const sessions = await runTraffic(nodes, async () => {
      await nodes.process(0).stop('SIGKILL');
      nodes.leave(0);
    });
    await requireAll(setting, sessions);
  });

  async function start(count: number): Promise<Setting> {
    const target = await startTarget(() => performance.now());
    cleanups.push(() => target.stop());
    const nodes = await Nodes.start(count, { SALLYPORT_ENV: 'development' });
    cleanups.push(() => nodes.stop());
    const { status, body } = await nodes.at(0).native('POST', '/v1/webhooks', { url: target.url });
    expect(status).toBe(201);
    return { nodes, target, verifier: new Webhook(body.secret as string) };
  }

  /** Returns the ids of the sessions. `fault` happens when half of them are over. */
  async function runTraffic(nodes: Nodes, fault: () => Promise<void>): Promise<readonly string[]> {
    const ids: string[] = [];
    let over = 0;
    const faults: Promise<void>[] = [];
    await inParallel([...Array(SESSIONS).keys()], 16, async (n) => {
      const create = { users: [{ ip: '127.0.0.1' }], metadata: { step: 0 } };
      const created = await insist(nodes, n, 'POST', '/v1/relays/sessions', create);
      const id = created.session_id as string;
      ids.push(id);
      const path = `/v1/relays/sessions/${id}`;
      for (let step = 1; step <= EVENTS_EACH - 2; step += 1) {
        await insist(nodes, n + step, 'PATCH', path, { metadata: { step } });
      }
      await insist(nodes, n, 'DELETE', path);
      over += 1;
      if (over >= SESSIONS / 2 && faults.length === 0) faults.push(fault());
    });
    await Promise.all(faults);
    return ids;
  }

  /** Repeats the call, at each node in turn, until a node answers it. */
  async function insist(
    nodes: Nodes,
    n: number,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer['body']> {
    const key = `key-${String(n)}-${path}-${String(Math.random())}`;
    let at = n;
    let answer: Answer['body'] = null;
    await eventually(
      async () => {
        const backend = living(nodes)[(at += 1) % living(nodes).length];
        if (backend === undefined) return 'no node lives';
        const once = { 'idempotency-key': key };
        const { status, body: got } = await (method === 'PATCH'
          ? backend.native(method, path, body, once)
          : backend.relays(method, path, body, once));
        if (status >= 500 || status === 409) return `${method} ${path}: ${String(status)} ${JSON.stringify(got)}`;
        if (status >= 300) throw new Error(`${method} ${path}: ${String(status)} ${JSON.stringify(got)}`);
        answer = got;
        return null;
      },
      60_000,
      50,
    );
    return answer;
  }

  function living(nodes: Nodes): readonly Backend[] {
    return nodes.backends.filter(
      (_backend, i) => nodes.process(i).child.exitCode === null && !nodes.process(i).child.killed,
    );
  }

  async function requireAll({ nodes, target, verifier }: Setting, sessions: readonly string[]): Promise<void> {
    const [backend] = living(nodes);
    if (backend === undefined) throw new Error('no node lives');
    const expected = Array.from({ length: EVENTS_EACH }, (_none, at) => at + 1);
    const logged = new Map<string, readonly Told[]>();
    for (const id of sessions) {
      const { body } = await backend.native('GET', `/v1/relays/sessions/${id}/events?limit=1000`);
      const events = body.events as readonly Told[];
      expect(
        events.map(({ sequence }) => sequence),
        id,
      ).toEqual(expected);
      logged.set(id, events);
    }
    const ids = new Set([...logged.values()].flatMap((events) => events.map(({ id }) => id)));
    expect(ids.size).toBe(sessions.length * EVENTS_EACH);

    await eventually(
      () => {
        const arrived = new Set(target.received.map(({ id }) => id));
        const missing = [...ids].filter((id) => !arrived.has(id));
        return missing.length === 0 ? null : `${String(missing.length)} of ${String(ids.size)} were not delivered`;
      },
      DELIVERED_WITHIN_MS,
      250,
    );
    for (const { body, headers } of target.received) verifier.verify(body, headers as Record<string, string>);
    requireOrder(target, sessions);
    expect(await everythingIn(backend, sessions)).toEqual(ids);
    const repeats = target.received.length - new Set(target.received.map(({ id }) => id)).size;
    console.log(`${String(ids.size)} events delivered, ${String(repeats)} of them again`);
  }

  /** First arrivals are in the order of the session, and a repeat says the same. */
  function requireOrder({ received }: WebhookTarget, sessions: readonly string[]): void {
    const bodies = new Map<string, string>();
    const last = new Map(sessions.map((id) => [id, 0]));
    for (const { id, body } of received) {
      const first = bodies.get(id);
      if (first !== undefined) {
        expect(body).toBe(first);
        continue;
      }
      bodies.set(id, body);
      const { session_id, sequence } = JSON.parse(body) as Told;
      if (!last.has(session_id)) continue;
      expect(sequence, `${session_id} after ${String(last.get(session_id))}`).toBe((last.get(session_id) ?? 0) + 1);
      last.set(session_id, sequence);
    }
  }

  /** The events of these sessions in the log of everything, each once. */
  async function everythingIn(backend: Backend, sessions: readonly string[]): Promise<Set<string>> {
    const known = new Set(sessions);
    const seen: string[] = [];
    for (let after = ''; ;) {
      const { body } = await backend.native('GET', `/v1/events?limit=1000${after}`);
      const events = body.events as readonly Told[];
      seen.push(...events.filter(({ session_id }) => known.has(session_id)).map(({ id }) => id));
      if (events.length === 0) break;
      after = `&after=${String(body.next_after)}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    return new Set(seen);
  }
});
