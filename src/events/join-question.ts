/**
 * Asks a backend, over HTTP, whether a user may join. A question takes one slot while it runs, and nothing else. Its answer
 * decides, or the settings do when there is none.
 */
import { randomBase62 } from '../lib/base62.js';
import { Failure } from '../protocol/failure.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { JoinAsked, JoinQuestion, WaitingClient } from '../ports/join-question.js';
import type { Log } from '../ports/log.js';
import type { Tallies } from '../ports/metrics.js';
import { OutboundFailure, type Outbound } from '../ports/outbound.js';
import type { RelaySession } from '../ports/relay-session.js';
import type { WebhookSigner } from '../ports/webhook-signer.js';
import { MAX_JOIN_ANSWER_BYTES, parseJoinAnswer, type JoinAnswer } from './join-answer.js';
import { QuestionSlots, type QuestionBounds } from './question-slots.js';
import { RecentRefusals } from './recent-refusals.js';

export interface JoinQuestionRules {
  /** The target for sessions that name none; null: nobody is asked. */
  readonly joinUrl: string | null;
  readonly deadlineMs: number;
  /** `open`: without a usable answer, users may join. */
  readonly onFailure: 'closed' | 'open';
  readonly bounds: QuestionBounds;
}

export interface JoinQuestionDeps {
  readonly outbound: Pick<Outbound, 'post'>;
  readonly signer: Pick<WebhookSigner, 'sign' | 'secretOf'>;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly crypto: Pick<Crypto, 'randomBytes'>;
  readonly log: Log;
  readonly tallies: Pick<
    Tallies,
    | 'joinQuestionsAllowed'
    | 'joinQuestionsRefused'
    | 'joinQuestionsTimedOut'
    | 'joinQuestionsFailed'
    | 'joinQuestionsFull'
    | 'joinQuestionsAbandoned'
  >;
  readonly rules: JoinQuestionRules;
}

type QuestionedSession = Pick<RelaySession, 'projectId' | 'metadata'>;

/** A question under way, and how many clients wait for its answer. */
interface Waiting {
  readonly answer: Promise<string | null>;
  readonly abort: AbortController;
  clients: number;
}

const ID_LETTERS = 24;
const RETRY_AFTER_S = 1;

export class JoinQuestions implements JoinQuestion {
  private readonly waiting = new Map<string, Waiting>();
  private readonly slots: QuestionSlots;
  private readonly refusals: RecentRefusals;

  constructor(private readonly deps: JoinQuestionDeps) {
    this.slots = new QuestionSlots(deps.rules.bounds);
    this.refusals = new RecentRefusals(deps.clock);
  }

  get deadlineMs(): number {
    return this.deps.rules.deadlineMs;
  }

  /** How many questions wait for an answer. */
  get size(): number {
    return this.slots.taken;
  }

  targetOf({ joinUrl }: Pick<RelaySession, 'joinUrl'>): string | null {
    return joinUrl ?? this.deps.rules.joinUrl;
  }

  async ask(
    target: string,
    asked: JoinAsked,
    session: QuestionedSession,
    client: WaitingClient | null,
  ): Promise<string | null> {
    if (client?.over === true) throw unanswered();
    const key = `${keyOf(asked)} ${target}`;
    const question = this.waiting.get(key) ?? this.begin(key, target, asked, session);
    question.clients += 1;
    let isOver = false;
    client?.onOver(() => {
      if (isOver) return;
      question.clients -= 1;
      if (question.clients > 0) return;
      this.forget(key, question);
      question.abort.abort();
    });
    try {
      return await question.answer;
    } finally {
      isOver = true;
    }
  }

  recall(asked: JoinAsked): void {
    const failure = this.refusals.find(keyOf(asked));
    if (failure !== null) throw failure;
  }

  private begin(key: string, target: string, asked: JoinAsked, session: QuestionedSession): Waiting {
    const { tallies, log } = this.deps;
    const { host } = new URL(target);
    if (!this.slots.take(host)) {
      tallies.joinQuestionsFull += 1;
      log.warn('join_question_not_asked', { session_id: asked.sessionId, host, waiting: this.slots.taken });
      throw new Failure('join_questions_full', { retryAfterS: RETRY_AFTER_S });
    }
    const abort = new AbortController();
    const answer = this.decide(target, asked, session, abort.signal).finally(() => {
      this.forget(key, waiting);
      this.slots.giveBack(host);
    });
    const waiting: Waiting = { answer, abort, clients: 0 };
    this.waiting.set(key, waiting);
    return waiting;
  }

  /** Nobody joins this question any more. */
  private forget(key: string, question: Waiting): void {
    if (this.waiting.get(key) === question) this.waiting.delete(key);
  }

  private async decide(
    target: string,
    asked: JoinAsked,
    session: QuestionedSession,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { tallies } = this.deps;
    const answer = await this.answerTo(target, asked, session, signal);
    if (answer === null) return this.withoutAnswer(asked, signal);
    if (answer.allow) {
      tallies.joinQuestionsAllowed += 1;
      this.refusals.forget(keyOf(asked));
      return answer.metadata;
    }
    tallies.joinQuestionsRefused += 1;
    const failure = new Failure('join_refused', answer.reason === null ? {} : { message: answer.reason });
    this.refusals.note(keyOf(asked), failure);
    throw failure;
  }

  private withoutAnswer(asked: JoinAsked, signal: AbortSignal): null {
    const { rules } = this.deps;
    if (rules.onFailure === 'open' && !signal.aborted) return null;
    const failure = unanswered();
    if (!signal.aborted) this.refusals.note(keyOf(asked), failure);
    throw failure;
  }

  /** null: no usable answer. It is logged and counted. */
  private async answerTo(
    target: string,
    asked: JoinAsked,
    session: QuestionedSession,
    signal: AbortSignal,
  ): Promise<JoinAnswer | null> {
    const { outbound, rules, log, tallies } = this.deps;
    const fields = { session_id: asked.sessionId, host: new URL(target).host, on_failure: rules.onFailure };
    try {
      const answer = await outbound.post({
        url: target,
        ...this.message(asked, session),
        deadlineMs: rules.deadlineMs,
        maxAnswerBytes: MAX_JOIN_ANSWER_BYTES,
        signal,
      });
      const parsed = parseJoinAnswer(answer);
      if (parsed !== null) return parsed;
      tallies.joinQuestionsFailed += 1;
      log.warn('join_question_failed', { ...fields, fault: 'wrong_answer', status: answer.status });
    } catch (error) {
      if (!(error instanceof OutboundFailure)) throw error;
      const { fault } = error;
      if (fault === 'aborted') tallies.joinQuestionsAbandoned += 1;
      else if (fault === 'timeout') tallies.joinQuestionsTimedOut += 1;
      else tallies.joinQuestionsFailed += 1;
      if (fault !== 'aborted') log.warn('join_question_failed', { ...fields, fault });
    }
    return null;
  }

  private message(asked: JoinAsked, { projectId, metadata }: QuestionedSession) {
    const { signer, crypto, clock } = this.deps;
    const { sessionId, userId, credentialKind, address } = asked;
    const body = JSON.stringify({
      session_id: sessionId,
      user_id: userId,
      credential_kind: credentialKind,
      ip: address,
      metadata,
    });
    const id = `join_${randomBase62(crypto, ID_LETTERS)}`;
    const proof = signer.sign({ id, sentAtMs: clock.nowMs(), body }, [signer.secretOf(projectId)]);
    return { body, headers: { 'Content-Type': 'application/json', ...proof } };
  }
}

function unanswered(): Failure {
  return new Failure('join_unanswered', { retryAfterS: RETRY_AFTER_S });
}

/** Two handshakes with the same key are about the same join. */
function keyOf({ sessionId, userId, credentialKind, address }: JoinAsked): string {
  return `${sessionId} ${credentialKind} ${address} ${userId}`;
}
