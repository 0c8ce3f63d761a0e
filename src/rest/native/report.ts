/** The report of a call that closes sockets. */
import { z } from 'zod';
import * as field from '../fields.js';
import type { FinishReport } from '../../identity/user-sessions.js';
import { elapsedMs } from '../../lib/stopwatch.js';
import type { Clock } from '../../ports/clock.js';
import type { EnforcementReport } from '../../relay/sessions/relay-sessions.js';

export const reportSchema = z
  .object({
    matched: field.quantity.describe('Users, user sessions or nodes that the call matched.'),
    closed: field.quantity.describe('Sockets that the call closed.'),
    nodes_acked: field.quantity,
    nodes_timed_out: field.quantity.describe('Nodes that did not answer in time.'),
    took_ms: field.quantity,
  })
  .meta({ id: 'EnforcementReport' });

export function viewReport(report: EnforcementReport): z.output<typeof reportSchema> {
  return {
    matched: report.matched,
    closed: report.closed,
    nodes_acked: report.nodesAcked,
    nodes_timed_out: report.nodesTimedOut,
    took_ms: report.tookMs,
  };
}

/** The same report for user sessions that ended; `startedMs` is a time of the monotonic clock. */
export function viewFinished(ended: FinishReport, startedMs: number, clock: Clock): z.output<typeof reportSchema> {
  const tookMs = elapsedMs(startedMs, clock.monotonicMs());
  return viewReport({ matched: ended.sessions.length, ...ended.reach, tookMs });
}
