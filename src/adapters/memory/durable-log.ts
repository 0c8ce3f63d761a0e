import type {
  DurableLog,
  KnownLog,
  LogBatch,
  LogHome,
  LogRefusal,
  OpenedLog,
  StoredBatch,
} from '../../ports/durable-log.js';
import type { Clock } from '../../ports/clock.js';
import type { SessionId } from '../../protocol/ids.js';
import type { SessionState } from './session-state.js';

interface LogState {
  epoch: string;
  seq: number;
  writer: number;
  batches: StoredBatch[];
}

/** Logs that live as long as the process. A log belongs to the state of its session, and goes with it. */
export class MemoryDurableLog implements DurableLog {
  readonly #sessions: ReadonlyMap<SessionId, SessionState>;
  readonly #clock: Clock;
  readonly #logs = new WeakMap<SessionState, LogState>();

  constructor(sessions: ReadonlyMap<SessionId, SessionState>, clock: Clock) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  async open(home: LogHome, newEpoch: string): Promise<OpenedLog | LogRefusal> {
    const session = this.#sessionOf(home);
    if ('outcome' in session) return session;
    const log = this.#logs.get(session) ?? { epoch: newEpoch, seq: 0, writer: 0, batches: [] };
    this.#logs.set(session, log);
    log.writer += 1;
    const { epoch, seq, writer, batches } = log;
    return { outcome: 'opened', epoch, seq, writer, batches: [...batches] };
  }

  async reopen(home: LogHome, known: KnownLog): ReturnType<DurableLog['reopen']> {
    const session = this.#sessionOf(home);
    if ('outcome' in session) return session;
    const log = this.#logs.get(session);
    const writer = (log?.writer ?? 0) + 1;
    const isWhole = log?.epoch === known.epoch && log.seq >= known.seq;
    const batches = isWhole ? log.batches.filter((batch) => batch.seq <= known.seq) : [];
    const seq = isWhole ? known.seq : known.oldestSeq - 1;
    this.#logs.set(session, { epoch: known.epoch, seq, writer, batches });
    return { outcome: 'opened', writer, seq };
  }

  async append(
    home: LogHome,
    writer: number,
    { after, seq, bytes }: LogBatch,
    oldestSeq: number,
  ): ReturnType<DurableLog['append']> {
    const session = this.#sessionOf(home);
    if ('outcome' in session) return session.outcome;
    const log = this.#logs.get(session);
    if (log?.writer !== writer || log.seq !== after) return 'outdated';
    log.seq = seq;
    log.batches.push({ seq, appendedAtMs: this.#clock.nowMs(), bytes: bytes.slice() });
    const drop = log.batches.findIndex((batch) => batch.seq >= oldestSeq);
    if (drop > 0) log.batches.splice(0, drop);
    return 'appended';
  }

  #sessionOf({ sessionId, nodeId, homeEpoch }: LogHome): SessionState | LogRefusal {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.facts.expiresAtMs <= this.#clock.nowMs()) return { outcome: 'missing' };
    const { facts } = session;
    if (facts.homeEpoch < homeEpoch) return { outcome: 'missing' };
    return facts.homeEpoch === homeEpoch && facts.homeNodeId === nodeId ? session : { outcome: 'moved' };
  }
}
