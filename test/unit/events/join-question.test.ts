/** The bounds of the question before a join, and what is remembered of its answers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createWebhookSigner } from '../../../src/adapters/standard-webhooks/signer.js';
import { JoinQuestions } from '../../../src/events/join-question.js';
import type { JoinAsked } from '../../../src/ports/join-question.js';
import { emptyTallies } from '../../../src/ports/metrics.js';
import type { OutboundAnswer, OutboundCall } from '../../../src/ports/outbound.js';
import { parseProjectId, parseSessionId, parseUserId } from '../../../src/protocol/ids.js';
import * as f from '../../contract/suites/fixtures.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silentLog } from '../../support/silent-log.js';

const session = { projectId: f.sure(parseProjectId('default')), metadata: {} };

function askedBy(user: string): JoinAsked {
  const [sessionId, userId] = [f.sure(parseSessionId('0123456789ab-S')), f.sure(parseUserId(user))];
  return { sessionId, userId, credentialKind: 'relay_credential', address: '192.0.2.1' };
}

describe('the question before a join', () => {
  let clock: ManualClock;
  let tallies: ReturnType<typeof emptyTallies>;
  let calls: { readonly call: OutboundCall; readonly answer: (body: unknown) => void }[];
  let questions: JoinQuestions;

  beforeEach(() => {
    clock = new ManualClock();
    tallies = emptyTallies();
    calls = [];
    questions = new JoinQuestions({
      outbound: {
        post: (call) =>
          new Promise<OutboundAnswer>((resolve) => {
            calls.push({ call, answer: (body) => resolve({ status: 200, body: JSON.stringify(body) }) });
          }),
      },
      signer: createWebhookSigner('a secret of these tests, long enough'),
      clock,
      crypto: systemCrypto(),
      log: silentLog,
      tallies,
      rules: { joinUrl: null, deadlineMs: 2000, onFailure: 'closed', bounds: { perTarget: 2, inAll: 3 } },
    });
  });

  const ask = (user: string, target = 'https://a.test/x'): Promise<string | null> =>
    questions.ask(target, askedBy(user), session, null);

  it('JQ7 refuses more questions than the bounds by name, asks nothing then, and frees what is answered', async () => {
    const first = [ask('ada'), ask('ben', 'https://a.test/y')];
    await expect(ask('cid')).rejects.toMatchObject({ code: 'join_questions_full', retryAfterS: 1 });
    const other = ask('cid', 'https://b.test/x');
    await expect(ask('dan', 'https://c.test/x')).rejects.toMatchObject({ code: 'join_questions_full' });
    expect([calls.length, questions.size, tallies.joinQuestionsFull]).toEqual([3, 3, 2]);
    for (const { answer } of calls) answer({ allow: true });
    expect(await Promise.all([...first, other])).toEqual([null, null, null]);
    expect(questions.size).toBe(0);
    const again = ask('cid');
    calls.at(-1)?.answer({ allow: true, metadata: { a: 1 } });
    expect(await again).toBe('{"a":1}');
  });

  it('JQ7 asks once for handshakes of one join at the same time', async () => {
    const both = [ask('ada'), ask('ada')];
    expect(calls).toHaveLength(1);
    calls[0]?.answer({ allow: true });
    await Promise.all(both);
    expect(tallies.joinQuestionsAllowed).toBe(1);
    // The control: a later one is another join.
    ask('ada').catch(() => undefined);
    expect(calls).toHaveLength(2);
  });

  it('JQ4 remembers a refusal for five seconds, or until the user is let in', async () => {
    const refused = ask('ada');
    calls[0]?.answer({ allow: false, reason: 'No.' });
    await expect(refused).rejects.toMatchObject({ code: 'join_refused', message: 'No.' });
    expect(() => questions.recall(askedBy('ada'))).toThrow('No.');
    expect(() => questions.recall(askedBy('ben'))).not.toThrow();
    clock.advance(5_000);
    expect(() => questions.recall(askedBy('ada'))).not.toThrow();
    const [again, allowed] = [ask('ada'), ask('ben')];
    calls[1]?.answer({ allow: false });
    calls[2]?.answer({ allow: true });
    await expect(again).rejects.toMatchObject({ code: 'join_refused' });
    await allowed;
    const later = ask('ada');
    calls[3]?.answer({ allow: true });
    await later;
    expect(() => questions.recall(askedBy('ada'))).not.toThrow();
  });
});
