/** Events that a test writes itself, and a client of a stream that a test slows down. */
import type { EventFacts, EventRecord } from '../../src/ports/event.js';
import type { EventLog, EventPage, LogName } from '../../src/ports/event-log.js';
import type { StreamClient } from '../../src/ports/http.js';
import { Failure } from '../../src/protocol/failure.js';
import { parseNodeId, parseProjectId, parseSessionId } from '../../src/protocol/ids.js';

export function known<T>(value: T | null): T {
  if (value === null) throw new Error('a test wrote a malformed id');
  return value;
}

export const SESSION = known(parseSessionId('0123456789ab-S'));
export const PROJECT = known(parseProjectId('mine'));
export const NODE = known(parseNodeId(`node_${'n'.repeat(16)}`));

export function eventOf(facts: EventFacts, number: number, createdAtMs = 1_900_000_000_000 + number): EventRecord {
  const isDeployment = facts.type.startsWith('node.') || facts.type.startsWith('user_session.');
  return {
    id: `evt_${facts.type}_${String(number)}`,
    sequence: isDeployment ? null : number,
    createdAtMs,
    projectId: isDeployment ? null : PROJECT,
    sessionId: isDeployment ? null : SESSION,
    facts,
  };
}

/** Logs in memory that count what they are asked. */
export class ScriptedLog implements EventLog {
  readonly events = { project: [] as EventRecord[], deployment: [] as EventRecord[], session: [] as EventRecord[] };
  readonly asked = { newest: 0, of: 0, ofSession: 0 };
  /** The highest position after which anybody read. */
  furthest = 0;
  isDown = false;

  async ofSession(_id: unknown, _scope: unknown, after: number, limit: number): Promise<EventPage | null> {
    this.asked.ofSession += 1;
    return this.page('session', after, limit);
  }

  async of(log: LogName, after: number, limit: number): Promise<EventPage> {
    this.asked.of += 1;
    return this.page(listOf(log), after, limit);
  }

  async newest(logs: readonly LogName[]): Promise<readonly number[]> {
    this.asked.newest += 1;
    if (this.isDown) throw new Failure('store_unavailable');
    return logs.map((log) => this.events[listOf(log)].length);
  }

  append(): Promise<void> {
    return Promise.reject(new Error('no test appends through the port'));
  }

  private async page(list: keyof ScriptedLog['events'], after: number, limit: number): Promise<EventPage> {
    if (this.isDown) throw new Failure('store_unavailable');
    const all = this.events[list];
    this.furthest = Math.max(this.furthest, after);
    if (after > all.length) return { outcome: 'cursor_lost', oldest: 1, newest: all.length };
    const entries = all.slice(after, after + limit).map((event, at) => ({ position: after + at + 1, event }));
    return { outcome: 'read', entries, newest: all.length };
  }
}

function listOf(log: LogName): keyof ScriptedLog['events'] {
  return log.of === 'project' ? 'project' : 'deployment';
}

export class SlowClient implements StreamClient {
  readonly pieces: string[] = [];
  readsNothing = false;
  ended: 'end' | 'cut' | null = null;

  write(text: string): boolean {
    this.pieces.push(text);
    return !this.readsNothing;
  }

  end(): void {
    this.ended ??= 'end';
  }

  cut(): void {
    this.ended ??= 'cut';
  }

  get text(): string {
    return this.pieces.join('');
  }
}
