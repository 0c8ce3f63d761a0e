import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.js';
import type { EventFacts, EventRecord, NodeFacts } from '../../ports/event.js';
import {
  MAX_LOG_EVENTS,
  MAX_SESSION_EVENTS,
  SESSION_EVENTS_KEPT_MS,
  type EventLog,
  type EventPage,
  type LogName,
} from '../../ports/event-log.js';
import type { ProjectScope, RelaySession } from '../../ports/relay-session.js';
import type { ProjectId, SessionId } from '../../protocol/ids.js';
import { DueQueue } from './due-queue.js';
import { EventBudget } from './event-budget.js';
import { EventRing } from './event-ring.js';
import type { MemoryEventFeed } from './event-feed.js';

interface SessionLog {
  readonly projectId: ProjectId;
  readonly ring: EventRing;
  hasEnded: boolean;
}

/** The event logs of this process. All logs of an event share one record. Each method is atomic because none awaits. */
export class MemoryEventLog implements EventLog {
  readonly #clock: Clock;
  readonly #feed: MemoryEventFeed;
  readonly #sessions = new Map<SessionId, SessionLog>();
  /** Logs of ended sessions, and when to forget them. */
  readonly #ended = new DueQueue<SessionId>();
  readonly #projects = new Map<ProjectId, EventRing>();
  readonly #deployment = new EventRing(MAX_LOG_EVENTS);
  readonly #all = new EventRing(MAX_LOG_EVENTS);
  readonly #budget: EventBudget;
  /** Tells the ids of this process from those of any other. */
  readonly #idStart = `evt_${randomBytes(15).toString('base64url')}_`;
  #written = 0;

  constructor(clock: Clock, feed: MemoryEventFeed, mostBytes?: number) {
    this.#clock = clock;
    this.#feed = feed;
    this.#budget = new EventBudget((event) => this.#remove(event), mostBytes);
  }

  /** Writes events of a relay session, in this order. What the facts show is frozen. Call it in the step that makes the change. */
  writeOf({ id, projectId }: Pick<RelaySession, 'id' | 'projectId'>, changes: readonly EventFacts[]): void {
    if (changes.length === 0) return;
    const log = this.#sessionLog(id, projectId);
    for (const facts of changes) {
      const event = this.#record(facts, { sequence: log.ring.newest + 1, projectId, sessionId: id });
      log.ring.append(event);
      this.#projectLog(projectId).append(event);
      this.#publish(event);
    }
  }

  /** The session has a log from now on, if it has none yet. */
  begin({ id, projectId }: Pick<RelaySession, 'id' | 'projectId'>): void {
    this.#sessionLog(id, projectId);
  }

  /** Writes an event without a project. Call it in the step that makes the change. */
  write(facts: EventFacts): void {
    const event = this.#record(facts, { sequence: null, projectId: null, sessionId: null });
    this.#deployment.append(event);
    this.#publish(event);
  }

  /** The session is over: its log is kept for a while. */
  endOf(id: SessionId): void {
    const log = this.#sessions.get(id);
    if (log === undefined) return;
    log.hasEnded = true;
    this.#ended.push(id, this.#clock.nowMs() + SESSION_EVENTS_KEPT_MS);
    this.#forgetEnded();
  }

  async ofSession(id: SessionId, scope: ProjectScope, after: number, limit: number): Promise<EventPage | null> {
    this.#forgetEnded();
    const log = this.#sessions.get(id);
    if (log === undefined || (scope !== 'all' && scope !== log.projectId)) return null;
    return log.ring.page(after, limit, this.#clock.nowMs());
  }

  async of(log: LogName, after: number, limit: number): Promise<EventPage> {
    const ring = this.#find(log) ?? new EventRing(0);
    return ring.page(after, limit, this.#clock.nowMs());
  }

  async newest(logs: readonly LogName[]): Promise<readonly number[]> {
    return logs.map((log) => this.#find(log)?.newest ?? 0);
  }

  async append(facts: NodeFacts): Promise<void> {
    this.write(facts);
  }

  #record(facts: EventFacts, of: Pick<EventRecord, 'sequence' | 'projectId' | 'sessionId'>): EventRecord {
    this.#written += 1;
    const id = `${this.#idStart}${this.#written.toString(36)}`;
    return Object.freeze({ id, createdAtMs: this.#clock.nowMs(), facts: Object.freeze(facts), ...of });
  }

  #publish(event: EventRecord): void {
    this.#all.append(event);
    this.#feed.add(event);
    this.#budget.add(event);
  }

  #sessionLog(id: SessionId, projectId: ProjectId): SessionLog {
    const found = this.#sessions.get(id);
    if (found !== undefined) return found;
    const log: SessionLog = { projectId, ring: new EventRing(MAX_SESSION_EVENTS), hasEnded: false };
    this.#sessions.set(id, log);
    return log;
  }

  #projectLog(id: ProjectId): EventRing {
    const found = this.#projects.get(id);
    if (found !== undefined) return found;
    const log = new EventRing(MAX_LOG_EVENTS);
    this.#projects.set(id, log);
    return log;
  }

  #find(log: LogName): EventRing | undefined {
    if (log.of === 'project') return this.#projects.get(log.projectId);
    return log.of === 'all' ? this.#all : this.#deployment;
  }

  #forgetEnded(): void {
    const nowMs = this.#clock.nowMs();
    for (let id = this.#ended.popDue(nowMs); id !== null; id = this.#ended.popDue(nowMs)) this.#sessions.delete(id);
  }

  /** The budget is used up: removes the event from all logs. A log of an ended session goes with its last event. */
  #remove(event: EventRecord): void {
    this.#feed.drop(event);
    this.#all.removeIfOldest(event);
    const { projectId, sessionId } = event;
    if (projectId === null || sessionId === null) {
      this.#deployment.removeIfOldest(event);
      return;
    }
    this.#projects.get(projectId)?.removeIfOldest(event);
    const log = this.#sessions.get(sessionId);
    log?.ring.removeIfOldest(event);
    if (log?.hasEnded === true && log.ring.size === 0) this.#sessions.delete(sessionId);
  }
}
