import { beforeEach, describe, expect, it } from 'vitest';
import type { CallKind, NodeCalls } from '../../../../src/ports/node-calls.js';
import { parseNodeId, parseSessionId } from '../../../../src/protocol/ids.js';
import { LateFrames } from '../../../../src/relay/home/late-frames.js';
import type { HeldAnswer } from '../../../../src/relay/room/frame-hold.js';
import { sure } from '../../../contract/suites/fixtures.js';

interface Asked {
  readonly body: { readonly frames: readonly { readonly index: number; readonly frame: string | null }[] };
  readonly answer: (value: unknown) => void;
  readonly fail: () => void;
}

describe('frames that a moving room does not take', () => {
  const home = sure(parseNodeId(`node_${'n'.repeat(16)}`));
  const id = sure(parseSessionId('0123456789ab-S'));
  let asked: Asked[];
  let late: LateFrames;
  let answers: (readonly [index: number, answer: HeldAnswer])[];

  beforeEach(() => {
    asked = [];
    answers = [];
    const ask = (_kind: CallKind<unknown, unknown>, _to: unknown, body: unknown): Promise<unknown> =>
      new Promise((resolve, reject) => {
        asked.push({ body: body as Asked['body'], answer: resolve, fail: () => reject(new Error('no answer')) });
      });
    late = new LateFrames({ calls: { ask } as Pick<NodeCalls, 'ask'>, clock: { endOfTurn: setImmediate } }, id);
  });

  const keep = (index: number, bytes: number): void =>
    late.keep(index, new Uint8Array(bytes), (answer) => answers.push([index, answer]));
  const turn = async (): Promise<void> => {
    for (let n = 0; n < 4; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  it('DR7 they wait for the new home, which takes those of one turn together and the next after its answer', async () => {
    keep(1, 3);
    keep(2, 3);
    await turn();
    expect(asked).toEqual([]);
    late.moved(home);
    await turn();
    keep(1, 3);
    await turn();
    expect(asked.map(({ body }) => body.frames.map(({ index }) => index))).toEqual([[1, 2]]);
    asked[0]?.answer([
      { seq: 8, error: null },
      { seq: null, error: 'unknown_member' },
    ]);
    await turn();
    expect(answers).toEqual([
      [1, { seq: 8 }],
      [2, { error: 'unknown_member' }],
    ]);
    expect(asked).toHaveLength(2);
    let isSettled = false;
    const settled = late.settled().then(() => (isSettled = true));
    await turn();
    expect(isSettled).toBe(false);
    asked[1]?.fail();
    await settled;
    // Nobody knows whether the new home took it: its sender gets no answer.
    expect(answers).toHaveLength(2);
  });

  it('DR7 large frames leave in several calls, and what is too much is refused', async () => {
    for (let n = 0; n < 12; n += 1) keep(n, 75_000);
    expect(answers.map(([index]) => index)).toEqual([10, 11]);
    late.moved(home);
    await turn();
    expect(asked[0]?.body.frames.map(({ index }) => index)).toEqual([0]);
  });

  it('DR8 without a new home they are refused, also those that come later', async () => {
    keep(1, 3);
    late.refuse();
    keep(2, 3);
    await late.released;
    expect(answers).toEqual([
      [1, { error: 'home_elsewhere' }],
      [2, { error: 'home_elsewhere' }],
    ]);
  });
});
