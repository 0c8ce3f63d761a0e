/** Writes events of nodes to the event log. Events that an unavailable store does not take are written later, in order. */
import type { NodeFacts } from '../ports/event.js';
import type { EventLog } from '../ports/event-log.js';
import type { Log } from '../ports/log.js';
import { Failure } from '../protocol/failure.js';

export class NodeNews {
  private readonly unwritten: NodeFacts[] = [];
  private writing: Promise<void> | null = null;

  constructor(
    private readonly events: Pick<EventLog, 'append'>,
    private readonly log: Log,
  ) {}

  add(facts: NodeFacts): void {
    this.unwritten.push(facts);
  }

  /** As `write`, and waits for nothing. */
  writeSoon(): void {
    this.write().catch((error: unknown) => {
      this.log.error('node_event_failed', error);
    });
  }

  /** Writes what waits, as far as the store takes it. Never rejects. */
  write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    for (let [facts] = this.unwritten; facts !== undefined; [facts] = this.unwritten) {
      try {
        await this.events.append(facts);
      } catch (error) {
        // The store may have written it: a second try could tell of the node twice.
        const mayBeWritten = Failure.is(error, 'outcome_unknown');
        if (!mayBeWritten && Failure.is(error, 'store_unavailable')) return;
        if (!mayBeWritten) this.log.error('node_event_failed', error);
      }
      this.unwritten.shift();
    }
  }
}
