import { describe, expect, it } from 'vitest';
import { endpointOf, sourceAddresses, sourceOf } from '../../../bench/client/dial.js';
import { shares } from '../../../bench/load/clients.js';
import { sendingOrder } from '../../../bench/load/schedule.js';
import { crowdOf } from '../../../bench/cli/options.js';

const LOCAL = endpointOf('http://127.0.0.1:8080');
const AWAY = endpointOf('https://relay.example');

describe('shares of a load', () => {
  it('BN7 each worker has whole rooms, and the endpoints of those', () => {
    const handshakes = Array.from({ length: 12 }, (_, i) => `client ${i}`);
    const endpoints = [1, 2, 3].map((port) => ({ ...LOCAL, port }));
    const split = shares({ handshakes, roomsOf: 4, endpoints }, 2);
    expect(split.map((share) => share.handshakes.length)).toEqual([4, 8]);
    expect(split.flatMap((share) => share.handshakes)).toEqual(handshakes);
    expect(split.map((share) => share.endpoints.map(({ port }) => port))).toEqual([[1], [2, 3]]);
  });

  it('BN7 with an endpoint for each client, each worker has those of its clients', () => {
    const handshakes = Array.from({ length: 12 }, (_, i) => `client ${i}`);
    const endpoints = handshakes.map((_, port) => ({ ...LOCAL, port }));
    const split = shares({ handshakes, roomsOf: 4, endpoints }, 2);
    expect(split.map((share) => share.endpoints)).toEqual([endpoints.slice(0, 4), endpoints.slice(4)]);
  });

  it('BN7 no worker is without a room', () => {
    const handshakes = Array.from({ length: 8 }, (_, i) => `client ${i}`);
    expect(shares({ handshakes, roomsOf: 4, endpoints: [LOCAL] }, 16)).toHaveLength(2);
  });

  it('BN7 clients of this machine have as many source addresses as their ports need, others none', () => {
    expect(sourceAddresses([LOCAL], 10_000, 0)).toEqual([]);
    const many = sourceAddresses([LOCAL], 30_000, 1);
    expect(many).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.4']);
    expect([0, 9_999, 10_000, 29_999].map((client) => sourceOf(many, client))).toEqual([
      '127.0.0.2',
      '127.0.0.2',
      '127.0.0.3',
      '127.0.0.4',
    ]);
    expect(sourceAddresses([AWAY], 30_000, 0)).toEqual([]);
  });

  it('an endpoint has the port of its protocol', () => {
    expect(AWAY).toEqual({ host: 'relay.example', port: 443, isSecure: true });
    expect(endpointOf('ws://[::1]/v1/connect')).toEqual({ host: '::1', port: 80, isSecure: false });
  });

  it.each(['shuffled', 'spread', 'together'] as const)('only the first of each room send (%s)', (phases) => {
    expect([...sendingOrder(12, 4, phases, 1)].toSorted((a, b) => a - b)).toEqual([0, 4, 8]);
    expect([...sendingOrder(12, 4, phases)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it('rooms are whole', () => {
    expect(crowdOf({ clients: 40, 'rooms-of': 8 })).toEqual({ clients: 40, roomsOf: 8 });
    expect(crowdOf({ clients: 40, rooms: 4, 'rooms-of': 8 })).toEqual({ clients: 40, roomsOf: 10 });
    expect(() => crowdOf({ clients: 41, 'rooms-of': 8 })).toThrow('--clients 41 must be a multiple of --rooms-of 8');
    expect(() => crowdOf({ clients: 40, rooms: 3, 'rooms-of': 8 })).toThrow('--clients 40 do not fill --rooms 3');
  });
});
