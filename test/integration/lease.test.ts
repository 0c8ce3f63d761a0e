/** A node that cannot renew its lease, though the store answers everything else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/protocol/failure.js';
import { Backend, pairOf, type RelaySessionAnswer } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';
import { wrapStore } from '../support/wrap-store.js';

describe('a node without a lease', () => {
  let running: RunningGateway;
  let backend: Backend;
  let session: RelaySessionAnswer;
  let isCut = false;

  beforeAll(async () => {
    const cut = wrapStore({
      nodes: (real) => ({
        isShared: true,
        heartbeat: (report, leaseMs) =>
          isCut ? Promise.reject(new Failure('store_unavailable')) : real.heartbeat(report, leaseMs),
      }),
    });
    running = await startGateway({ env: { SALLYPORT_LEASE_MS: '500' }, wrapStore: cut });
    backend = new Backend(running.url);
    session = await backend.createSession(3);
  });

  afterAll(() => running.stop());

  async function leaseIs(held: 0 | 1): Promise<void> {
    await eventually(async () => {
      const { body } = await backend.call('GET', '/metrics');
      const found = /^sallyport_lease_held (\d)$/m.exec(String(body))?.[1];
      return found === String(held) ? null : `lease_held ${String(found)}`;
    });
  }

  it('FO5, FO2 acts on no kick, lock or hand-over of its host, and acks nothing; with the lease back it does', async () => {
    const host = await Client.join(running.socketUrl, pairOf(session, 0));
    const other = await Client.join(running.socketUrl, pairOf(session, 1));
    const orders = [
      { type: 'lock', locked: true, ref: 1 },
      { type: 'host', index: other.index, ref: 2 },
      { type: 'kick', index: other.index, ref: 3 },
    ];
    isCut = true;
    await leaseIs(0);
    for (const order of orders) host.say(order);
    host.relay({ deliveryClass: 2, ref: 4, payload: 'reliable' });
    await host.expect('error', 4);
    const errors = host.of('error').map(({ code, ref }) => [ref, code]);
    expect(errors.sort()).toEqual([1, 2, 3, 4].map((ref) => [ref, 'store_unavailable']));
    const message = { class: 'volatile', payload_base64: 'AAAA' };
    const told = await backend.native('POST', `/v1/relays/sessions/${session.session_id}/messages`, message);
    expect(told).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    isCut = false;
    await leaseIs(1);
    expect([other.closed, other.of('session.updated'), other.of('host')]).toEqual([null, [], []]);
    for (const order of orders.slice(0, 2)) host.say(order);
    await other.expect('session.updated');
    expect(await other.expect('host')).toMatchObject({ index: other.index });
    other.say({ type: 'kick', index: host.index });
    expect(await host.expectClosed()).toEqual({ code: 4001, reason: 'kicked' });
  });
});
