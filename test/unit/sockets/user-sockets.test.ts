import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { UserSockets } from '../../../src/sockets/user-sockets.js';
import type { CloseName } from '../../../src/protocol/close-codes.js';
import { Failure } from '../../../src/protocol/failure.js';
import { parseNodeId, parseUserId, type UserId } from '../../../src/protocol/ids.js';
import type { ClientSocket } from '../../../src/ports/socket.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';
import { loneNode } from '../../support/lone-node.js';

class Socket implements ClientSocket {
  closed: CloseName | null = null;
  send = (): boolean => true;
  ping = (): void => undefined;
  bufferedBytes = (): number => 0;
  subscribe = (): void => undefined;
  unsubscribe = (): void => undefined;
  publishToOthers = (): void => undefined;

  close(name: CloseName): void {
    this.closed = name;
  }
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error('the fixture is wrong');
  return value;
}

const USER: UserId = known(parseUserId(`user_${'a'.repeat(27)}`));

function setUp(whenFull: 'reject_new' | 'replace_old' = 'reject_new', max = 1) {
  const clock = new ManualClock();
  const { userSockets: real } = createMemoryStore({ clock });
  const outage = { isOn: false };
  const store: typeof real = {
    ...real,
    renew: (sockets, ttlMs) =>
      outage.isOn ? Promise.reject(new Failure('store_unavailable')) : real.renew(sockets, ttlMs),
  };
  const self = known(parseNodeId(`node_${'n'.repeat(16)}`));
  const crypto = systemCrypto();
  const sockets = new UserSockets({
    store,
    clock,
    crypto,
    log: silentLog,
    calls: loneNode,
    self,
    limit: { max, whenFull },
  });
  const outcome = (): Promise<string> =>
    sockets.take(USER, null).then(
      () => 'taken',
      (error: unknown) => (error instanceof Failure ? error.code : 'internal'),
    );
  /** Time passes as it does in a process: what is due runs, and what it awaits comes back. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      await turn();
    }
  };
  return { sockets, outcome, pass, outage };
}

describe('places for the sockets of a user', () => {
  it('UP14 last as long as their node names them, and no longer', async () => {
    const kept = setUp();
    kept.sockets.start();
    await kept.sockets.take(USER, null);
    await kept.pass(120);
    expect(await kept.outcome()).toBe('too_many_sockets');
    kept.sockets.stop();
    await kept.pass(30);
    expect(await kept.outcome()).toBe('taken');
  });

  it('UP14 are counted again after the store was unavailable for longer than they last', async () => {
    const { sockets, outcome, pass, outage } = setUp();
    sockets.start();
    await sockets.take(USER, null);
    outage.isOn = true;
    await pass(120);
    outage.isOn = false;
    await pass(10);
    expect(await outcome()).toBe('too_many_sockets');
    sockets.stop();
  });

  it('UP12 a place that goes to a newer socket closes what is in it, and what was still on its way there', async () => {
    const { sockets } = setUp('replace_old');
    const first = known(await sockets.take(USER, null));
    const socket = new Socket();
    expect(first.occupy(socket)).toBe(true);
    const second = known(await sockets.take(USER, null));
    expect(socket.closed).toBe('replaced');
    first.leave(socket);
    const third = known(await sockets.take(USER, null));
    expect(second.occupy(new Socket())).toBe(false);
    expect(third.occupy(new Socket())).toBe(true);
  });

  it('UP13 a seat has one place, which is free when the last of its sockets and handshakes is gone', async () => {
    const { sockets, outcome } = setUp();
    const [old, next, abandoned] = [new Socket(), new Socket(), known(await sockets.take(USER, 'seat'))];
    const place = known(await sockets.take(USER, 'seat'));
    place.occupy(old);
    known(await sockets.take(USER, 'seat')).occupy(next);
    place.leave(old);
    place.leave(old);
    expect(await outcome()).toBe('too_many_sockets');
    place.leave(next);
    expect(await outcome()).toBe('too_many_sockets');
    abandoned.release();
    expect(await outcome()).toBe('taken');
  });

  it('UP12 counts nothing without a limit, and nobody who is not of the directory', async () => {
    expect(await setUp('reject_new', 0).sockets.take(USER, null)).toBeNull();
    expect(await setUp().sockets.take(known(parseUserId('guest')), null)).toBeNull();
  });
});
