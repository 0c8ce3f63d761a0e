import { describe, expect, it } from 'vitest';
import { decodeBatchFrame } from '../../../../src/protocol/batch-frame.js';
import { Batch, FULL_BATCH_BYTES } from '../../../../src/relay/room/batch.js';

describe('batch', () => {
  it('RL2 gathers entries into one frame in the order they were appended', () => {
    const batch = new Batch();
    batch.append(1, 0, 0, Uint8Array.of(1));
    batch.append(2, 1, 77, Uint8Array.of(2));
    batch.append(3, 2, 5, new Uint8Array(3000).fill(3));
    const { frame, onlySender } = batch.take();
    expect(onlySender).toBeNull();
    expect(decodeBatchFrame(frame)?.map(({ sender, key, seq, payload }) => [sender, key, seq, payload.length])).toEqual(
      [
        [1, 0, 0, 1],
        [2, 77, 0, 1],
        [3, 0, 5, 3000],
      ],
    );
    expect(batch.isEmpty).toBe(true);
  });

  it('RL3 knows its only sender, so that it need not go back there', () => {
    const batch = new Batch();
    batch.append(4, 0, 0, Uint8Array.of(1));
    batch.append(4, 0, 0, Uint8Array.of(2));
    expect(batch.take().onlySender).toBe(4);
    batch.append(5, 0, 0, Uint8Array.of(2));
    expect(batch.take().onlySender).toBe(5);
  });

  it('RL2 starts anew after it was taken, and says when it is full', () => {
    const batch = new Batch();
    while (!batch.isFull) batch.append(1, 0, 0, new Uint8Array(1000));
    const first = decodeBatchFrame(batch.take().frame);
    expect(first?.length).toBe(Math.ceil((FULL_BATCH_BYTES - 1) / 1005));
    batch.append(2, 0, 0, Uint8Array.of(7));
    expect(decodeBatchFrame(batch.take().frame)).toHaveLength(1);
  });
});
