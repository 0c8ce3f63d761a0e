import { beforeEach, describe, expect, it } from 'vitest';
import { assertClean, History, nameOf, parseName, type Sent } from '../../support/history.js';

describe('F28 the check of a recorded history', () => {
  let history: History;
  const message = (number: number, session = 'red', sender = 'ann'): Sent => ({ session, sender, number });

  beforeEach(() => {
    history = new History();
    history.receiver('ann', 'red');
    history.receiver('ben', 'red');
    history.receiver('cas', 'blue');
    for (let number = 1; number <= 4; number += 1) {
      history.onSent(message(number));
      if (number < 4) history.onAcked(message(number));
    }
  });

  const deliver = (numbers: readonly number[], to = 'ben'): void => {
    for (const number of numbers) history.onDelivered(to, message(number));
  };

  it('is clean when each has every acked message once and in order; an unacked one may come or not', () => {
    deliver([1, 2, 3]);
    expect(history.check()).toMatchObject({ sent: 4, acked: 3, deliveries: 3, breaks: 0 });
    expect(() => assertClean(history.check())).not.toThrow();
    deliver([4]);
    expect(() => assertClean(history.check())).not.toThrow();
  });

  it.each([
    ['lost', [1, 3], 'red ann 2 at ben'],
    ['lost', [1, 2], 'red ann 3 at ben'],
    ['duplicated', [1, 2, 2, 3], 'red ann 2 at ben'],
    ['reordered', [1, 3, 2], 'red ann 2 at ben'],
    ['invented', [1, 2, 3, 9], 'red ann 9 at ben'],
  ] as const)('finds what is %s', (kind, numbers, found) => {
    deliver(numbers);
    expect(history.check()[kind]).toEqual([found]);
    expect(() => assertClean(history.check())).toThrow(`${kind} 1: ${found}`);
  });

  it('finds what came to a member of another session', () => {
    deliver([1, 2, 3]);
    deliver([1], 'cas');
    expect(history.check().strayed).toEqual(['red ann 1 at cas']);
  });

  it('calls nothing lost that was sent before the member was told of a gap, but still finds duplicates', () => {
    deliver([1]);
    history.onBreak('ben');
    deliver([3, 1]);
    expect(history.check()).toMatchObject({ breaks: 1, lost: [], duplicated: ['red ann 1 at ben'] });
    history.onSent(message(5));
    history.onAcked(message(5));
    expect(history.check().lost).toEqual(['red ann 5 at ben']);
  });

  it('names messages by their text', () => {
    expect(parseName(nameOf(message(7)))).toEqual(message(7));
    expect(() => parseName('something else')).toThrow('not a message of this run');
  });
});
