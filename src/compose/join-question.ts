/** Composes the question before a join. */
import { createWebhookSigner } from '../adapters/standard-webhooks/signer.js';
import type { Config } from '../config/schema.js';
import { JoinQuestions } from '../events/join-question.js';
import type { Clock } from '../ports/clock.js';
import type { Crypto } from '../ports/crypto.js';
import type { Log } from '../ports/log.js';
import type { Metrics } from '../ports/metrics.js';
import type { Outbound } from '../ports/outbound.js';

/** A target that hangs holds this many questions of a node at most, and a storm of joins to one target has as many at once. */
const MAX_PER_TARGET = 256;
const MAX_IN_ALL = 4096;

export interface JoinQuestionGround {
  readonly config: Config;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly secret: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly outbound: Outbound;
}

export function composeJoinQuestion(ground: JoinQuestionGround): JoinQuestions {
  const { config, clock, crypto, secret, log, metrics, outbound } = ground;
  const { joinUrl, joinUrlTimeoutMs, joinUrlOnFailure } = config;
  const bounds = { perTarget: MAX_PER_TARGET, inAll: MAX_IN_ALL };
  const rules = { joinUrl, deadlineMs: joinUrlTimeoutMs, onFailure: joinUrlOnFailure, bounds };
  const signer = createWebhookSigner(secret);
  const question = new JoinQuestions({ outbound, signer, clock, crypto, log, tallies: metrics.tallies, rules });
  metrics.gauge('join_questions_waiting', 'Questions before a join that wait for an answer.', () => question.size);
  return question;
}
