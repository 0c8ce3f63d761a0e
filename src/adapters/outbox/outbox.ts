/** Keeps mail in memory instead of sending it, for development. */
import type { Clock } from '../../ports/clock.js';
import type { KeptMail, Outbox } from '../../ports/mailer.js';

/** At this number the oldest mail is dropped. */
const MAX_MAILS = 100;

export function createOutbox(clock: Pick<Clock, 'nowMs'>): Outbox {
  const kept: KeptMail[] = [];
  return {
    async send(mail) {
      kept.unshift({ ...mail, sentAtMs: clock.nowMs() });
      kept.length = Math.min(kept.length, MAX_MAILS);
    },
    recent: () => [...kept],
    async stop() {
      kept.length = 0;
    },
  };
}
