import { describe, expect, test } from 'vitest';
import { createKeys } from '../../../src/adapters/redis/keys.js';
import { DIRECTORY_PARTITION, PARTITIONS, partitionOf } from '../../../src/adapters/redis/partitions.js';
import * as f from '../../contract/suites/fixtures.js';

describe('partitions', () => {
  test('EVR1 ids spread over all partitions: none gets twice its share', () => {
    const each = 500;
    const sessions = Array.from({ length: each * PARTITIONS }, () => partitionOf(f.sessionId()));
    const counted = Array.from({ length: PARTITIONS }, () => 0);
    for (const partition of sessions) counted[partition] = (counted[partition] ?? 0) + 1;
    expect(Math.min(...counted)).toBeGreaterThan(each / 2);
    expect(Math.max(...counted)).toBeLessThan(each * 2);
  });

  test('EVR1 the partition of an id is the same in every version that reads the same format of the data', () => {
    expect(['000000000000-S', 'ffffffffffff-S', 'user_0'].map(partitionOf)).toEqual([28, 58, 50]);
  });

  test('EVR1 the keys of a session and the feed of its partition share a tag; the directory has a feed of its own', () => {
    const keys = createKeys('p');
    const id = f.sessionId();
    const partition = partitionOf(id);
    for (const key of keys.session(id)) expect(key).toContain(`{p${String(partition)}}`);
    expect(keys.feed(partition)).toBe(`p:{p${String(partition)}}:feed`);
    expect(keys.feed(DIRECTORY_PARTITION)).toBe('p:{directory}:feed');
  });
});
