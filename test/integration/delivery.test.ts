import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, pairOf } from '../support/backend.js';
import { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';

const SOCKETS = 200;
const ROOM = 8;
const HZ = 50;
const SECONDS = 10;
const PER_SOCKET = HZ * SECONDS;

describe('delivery under load', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGatewayProcess();
  });

  afterAll(async () => {
    await gateway.stop();
  });

  it(`RL13 ${String(SOCKETS)} sockets in rooms of ${String(ROOM)}, 64 bytes at ${String(HZ)} Hz for ${String(SECONDS)} s: every frame once to each other member, in each sender's order`, async () => {
    const backend = new Backend(gateway.url);
    const rooms = await Promise.all(
      Array.from({ length: SOCKETS / ROOM }, async () => {
        const session = await backend.createSession(ROOM);
        return Promise.all(Array.from({ length: ROOM }, (_, n) => Client.join(gateway.socketUrl, pairOf(session, n))));
      }),
    );
    const clients = rooms.flat();
    expect(clients).toHaveLength(SOCKETS);

    await sendAtRate(clients);
    const expected = PER_SOCKET * (ROOM - 1);
    await eventually(() => {
      const late = clients.filter((client) => othersEntries(client).length < expected).length;
      return late === 0 ? null : `${String(late)} clients still miss entries`;
    }, 20_000);

    let received = 0;
    for (const room of rooms) {
      for (const client of room) {
        const entries = othersEntries(client);
        received += entries.length;
        expect(entries).toHaveLength(expected);
        for (const other of room) {
          if (other === client) continue;
          const numbers = entries
            .filter(({ sender }) => sender === other.index)
            .map(({ payload }) => Buffer.from(payload).readUInt32LE(0));
          expect(numbers).toEqual(Array.from({ length: PER_SOCKET }, (_, n) => n));
        }
      }
    }
    expect(received).toBe(SOCKETS * expected);
  }, 90_000);
});

/** A batch of several senders may hold entries of the receiver itself: they are to be ignored. */
function othersEntries(client: Client): readonly Client['entries'][number][] {
  return client.entries.filter(({ sender }) => sender !== client.index);
}

/** Open loop: what is due is sent, however late the timer is. */
function sendAtRate(clients: readonly Client[]): Promise<void> {
  const startMs = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(PER_SOCKET, Math.floor(((performance.now() - startMs) / 1000) * HZ));
      for (; sent < due; sent += 1) {
        const payload = Buffer.alloc(64);
        payload.writeUInt32LE(sent, 0);
        for (const client of clients) client.relay({ deliveryClass: 0, payload });
      }
      if (sent < PER_SOCKET) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
}
