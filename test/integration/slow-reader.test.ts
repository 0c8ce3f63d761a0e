import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGateway, type RunningGateway } from '../support/gateway.js';

const BOUND = 65_536;

describe('a socket that does not read', () => {
  let running: RunningGateway;

  beforeAll(async () => {
    running = await startGateway({
      env: {
        SALLYPORT_MAX_BACKPRESSURE_BYTES: String(BOUND),
        SALLYPORT_MESSAGES_PER_S: '0',
        SALLYPORT_BYTES_PER_S: '0',
        SALLYPORT_WORK_MS_PER_S: '0',
      },
    });
  });

  afterAll(() => running.stop());

  it('LM5 is closed with 4101 once more than the bound waits for it; the others get everything', async () => {
    const session = await new Backend(running.url).createSession(3);
    const a = await Client.join(running.socketUrl, pairOf(session, 0));
    const slow = await Client.join(running.socketUrl, pairOf(session, 1));
    const b = await Client.join(running.socketUrl, pairOf(session, 2));
    slow.socket.pause();
    // The kernel's buffers take some megabytes before the gateway has to hold anything.
    let sent = 0;
    await eventually(async () => {
      for (let n = 0; n < 100; n += 1, sent += 1) a.relay({ deliveryClass: 0, payload: new Uint8Array(16_000) });
      await a.settle();
      return b.of('member.away').length > 0 ? null : `not closed after ${String(sent)} frames`;
    }, 20_000);
    slow.socket.resume();
    await eventually(() => (slow.closed === null ? 'still open' : null), 10_000);
    expect(b.of('member.away')).toEqual([{ type: 'member.away', index: slow.index }]);
    await b.expectEntries(sent);
    const scrape = await new Backend(running.url).call('GET', '/metrics');
    expect(scrape.body).toContain('sallyport_socket_closes_total{code="4101"} 1');
  });

  it('BP1 what is dropped for it is counted for the member, also when its socket is gone', async () => {
    const patient = await startGateway({
      env: { SALLYPORT_MESSAGES_PER_S: '0', SALLYPORT_BYTES_PER_S: '0', SALLYPORT_WORK_MS_PER_S: '0' },
    });
    try {
      const backend = new Backend(patient.url);
      const session = await backend.createSession(2);
      const a = await Client.join(patient.socketUrl, pairOf(session, 0));
      const slow = await Client.join(patient.socketUrl, pairOf(session, 1));
      const dropped = async (): Promise<readonly (number | null)[]> => {
        const { body } = await backend.native('GET', `/v1/relays/sessions/${session.session_id}/members`);
        return (body as { members: { dropped: number | null }[] }).members.map((member) => member.dropped);
      };
      expect(await dropped()).toEqual([0, 0]);
      slow.socket.pause();
      await eventually(async () => {
        for (let n = 0; n < 50; n += 1) a.relay({ deliveryClass: 0, payload: new Uint8Array(16_000) });
        await a.settle();
        return ((await dropped())[1] ?? 0) > 0 ? null : 'nothing dropped yet';
      }, 20_000);
      const counted = await dropped();
      slow.socket.terminate();
      await a.expect('member.away');
      expect(await dropped()).toEqual(counted);
      expect(counted[0]).toBe(0);
    } finally {
      await patient.stop();
    }
  });
});
