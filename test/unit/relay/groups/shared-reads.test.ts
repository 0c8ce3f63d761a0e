import { expect, it } from 'vitest';
import type { SessionWithSeats } from '../../../../src/ports/relay-seat.js';
import { SharedReads } from '../../../../src/relay/groups/shared-reads.js';
import { parseSessionId, type SessionId } from '../../../../src/protocol/ids.js';

function idOf(text: string): SessionId {
  const id = parseSessionId(text);
  if (id === null) throw new Error(text);
  return id;
}

const ONE = idOf('000000000001-S');
const TWO = idOf('000000000002-S');

/** Reads that end when the test says so. */
function start() {
  const asked: { id: SessionId; end(error?: Error): void }[] = [];
  const get = (id: SessionId) =>
    new Promise<SessionWithSeats | null>((resolve, reject) => {
      const end = (error?: Error): void => {
        if (error === undefined) resolve(null);
        else reject(error);
      };
      asked.push({ id, end });
    });
  return { reads: new SharedReads({ get }), asked };
}

it('GS24 who asks during a read shares the next one, which begins after they asked', async () => {
  const { reads, asked } = start();
  const first = reads.read(ONE);
  const shared = [reads.read(ONE), reads.read(ONE), reads.read(ONE)];
  const other = reads.read(TWO);
  expect(asked.map(({ id }) => id)).toEqual([ONE, TWO]);
  asked[0]?.end();
  await first;
  await Promise.resolve();
  expect(asked.map(({ id }) => id)).toEqual([ONE, TWO, ONE]);
  asked[1]?.end();
  asked[2]?.end();
  await Promise.all([...shared, other]);
  expect(asked).toHaveLength(3);
});

it('GS24 a read that fails fails for those who shared it, and for no others', async () => {
  const { reads, asked } = start();
  const first = reads.read(ONE);
  const second = reads.read(ONE);
  asked[0]?.end(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await Promise.resolve();
  asked[1]?.end();
  expect(await second).toBeNull();
  const third = reads.read(ONE);
  expect(asked).toHaveLength(3);
  asked[2]?.end();
  expect(await third).toBeNull();
});
