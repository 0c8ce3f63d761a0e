import { describe, expect, test } from 'vitest';
import type { DurableLog, LogBatch, LogHome, OpenedLog } from '../../../src/ports/durable-log.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

const KEEP_ALL = 1;

/** Bytes that are no valid UTF-8. */
const batch = (after: number, seq: number): LogBatch => ({ after, seq, bytes: Uint8Array.of(0, 0xff, after, seq) });

async function opened(log: DurableLog, home: LogHome, newEpoch = 'first'): Promise<OpenedLog> {
  const result = await log.open(home, newEpoch);
  if (result.outcome !== 'opened') throw new Error(`expected an open log, was ${result.outcome}`);
  return result;
}

const kept = ({ batches }: OpenedLog): readonly (readonly number[])[] => batches.map(({ bytes }) => [...bytes]);

/** Rules DB1 to DB6 of docs/SPEC.md. */
export function durableLogRules(engine: string, open: OpenStore): void {
  describe(`the durable log of the ${engine} store`, () => {
    const on = f.useStore(open);

    const create = async (): Promise<LogHome> => {
      const session = f.newSession({ durability: 'redis' });
      await on.relay.create(session, []);
      return { sessionId: session.id, nodeId: f.HERE, homeEpoch: 1 };
    };
    const claimed = async (home: LogHome): Promise<LogHome> => {
      await on.relay.claimHome(home.sessionId, f.homeNow(home.nodeId, home.homeEpoch), f.ELSEWHERE);
      return { ...home, nodeId: f.ELSEWHERE, homeEpoch: home.homeEpoch + 1 };
    };

    test('DB1 what was appended is there for the next home, in order, in the same numbering', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer, ...first } = await opened(durableLog, home);
      expect(first).toEqual({ outcome: 'opened', epoch: 'first', seq: 0, batches: [] });
      const appends = [batch(0, 2), batch(2, 3), batch(3, 7)].map((each) =>
        durableLog.append(home, writer, each, KEEP_ALL),
      );
      expect(await Promise.all(appends)).toEqual(['appended', 'appended', 'appended']);
      const next = await opened(durableLog, await claimed(home), 'second');
      expect(next).toMatchObject({ epoch: 'first', seq: 7 });
      expect(kept(next)).toEqual([
        [0, 255, 0, 2],
        [0, 255, 2, 3],
        [0, 255, 3, 7],
      ]);
      expect(next.batches.map(({ seq, appendedAtMs }) => [seq, appendedAtMs])).toEqual(
        [2, 3, 7].map((seq) => [seq, on.clock.nowMs()]),
      );
    });

    test('DB2 a home that lost its session changes nothing', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer } = await opened(durableLog, home);
      await durableLog.append(home, writer, batch(0, 1), KEEP_ALL);
      const next = await claimed(home);
      expect(await durableLog.append(home, writer, batch(1, 2), KEEP_ALL)).toBe('moved');
      expect(await durableLog.open(home, 'second')).toEqual({ outcome: 'moved' });
      const known = { epoch: 'first', seq: 0, oldestSeq: 1 };
      expect(await durableLog.reopen(home, known)).toEqual({ outcome: 'moved' });
      expect(kept(await opened(durableLog, next))).toEqual([[0, 255, 0, 1]]);
    });

    test('DB2 a session that is over, or whose claim the store has lost, has no log', async () => {
      const { durableLog, relay } = on.all.store;
      const home = await create();
      const { writer } = await opened(durableLog, home);
      const later = { ...home, homeEpoch: 2 };
      expect(await durableLog.append(later, writer, batch(0, 1), KEEP_ALL)).toBe('missing');
      await relay.end(home.sessionId, 'all');
      expect(await durableLog.append(home, writer, batch(0, 1), KEEP_ALL)).toBe('missing');
      expect(await durableLog.open(home, 'second')).toEqual({ outcome: 'missing' });
      const expired = await create();
      on.clock.advance(f.TTL_MS);
      expect(await durableLog.open(expired, 'first')).toEqual({ outcome: 'missing' });
    });

    test('DB3 a batch of an older writer, or one that does not follow the newest entry, is refused', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer: older } = await opened(durableLog, home);
      const { writer } = await opened(durableLog, home);
      expect(await durableLog.append(home, older, batch(0, 1), KEEP_ALL)).toBe('outdated');
      expect(await durableLog.append(home, writer, batch(1, 2), KEEP_ALL)).toBe('outdated');
      expect(await durableLog.append(home, writer, batch(0, 1), KEEP_ALL)).toBe('appended');
      expect(await durableLog.append(home, writer, batch(0, 1), KEEP_ALL)).toBe('outdated');
      expect((await opened(durableLog, home)).seq).toBe(1);
    });

    test('DB4 a home that reopens its log removes what was not confirmed, and appends with the same numbers again', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer: older } = await opened(durableLog, home);
      for (const each of [batch(0, 2), batch(2, 3), batch(3, 5)]) {
        await durableLog.append(home, older, each, KEEP_ALL);
      }
      const result = await durableLog.reopen(home, { epoch: 'first', seq: 2, oldestSeq: 1 });
      if (result.outcome !== 'opened') throw new Error(result.outcome);
      expect(result.seq).toBe(2);
      expect(await durableLog.append(home, older, batch(5, 6), KEEP_ALL)).toBe('outdated');
      expect(await durableLog.append(home, result.writer, batch(2, 3), KEEP_ALL)).toBe('appended');
      const now = await opened(durableLog, home);
      expect([now.seq, kept(now)]).toEqual([
        3,
        [
          [0, 255, 0, 2],
          [0, 255, 2, 3],
        ],
      ]);
    });

    test('DB4 the same with nothing confirmed', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer } = await opened(durableLog, home);
      await durableLog.append(home, writer, batch(0, 2), KEEP_ALL);
      const result = await durableLog.reopen(home, { epoch: 'first', seq: 0, oldestSeq: 1 });
      if (result.outcome !== 'opened') throw new Error(result.outcome);
      expect(await durableLog.append(home, result.writer, batch(0, 1), KEEP_ALL)).toBe('appended');
      expect(kept(await opened(durableLog, home))).toEqual([[0, 255, 0, 1]]);
    });

    test('DB5 a log that has less than its home starts again behind the oldest entry that the home has', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer } = await opened(durableLog, home);
      await durableLog.append(home, writer, batch(0, 2), KEEP_ALL);
      const result = await durableLog.reopen(home, { epoch: 'first', seq: 9, oldestSeq: 4 });
      if (result.outcome !== 'opened') throw new Error(result.outcome);
      expect(result.seq).toBe(3);
      await durableLog.append(home, result.writer, batch(3, 9), KEEP_ALL);
      const now = await opened(durableLog, home, 'second');
      expect([now.epoch, now.seq, kept(now)]).toEqual(['first', 9, [[0, 255, 3, 9]]]);
    });

    test('DB6 batches that no replay window needs are removed, those with a needed entry are kept', async () => {
      const { durableLog } = on.all.store;
      const home = await create();
      const { writer } = await opened(durableLog, home);
      const count = 1000;
      const appends = Array.from({ length: count }, (_, n) =>
        durableLog.append(home, writer, batch(2 * n, 2 * n + 2), Math.max(1, 2 * n - 19)),
      );
      await Promise.all(appends);
      const { seq, batches } = await opened(durableLog, home);
      expect(seq).toBe(2 * count);
      expect(batches[0]?.seq).toBeLessThanOrEqual(2 * count - 20);
      expect(batches.length).toBeLessThan(count / 2);
      expect(batches.at(-1)?.seq).toBe(seq);
    });
  });
}
