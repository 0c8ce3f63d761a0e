import type { DurableLog, KnownLog, LogBatch, LogHome, LogRefusal, OpenedLog } from '../../ports/durable-log.js';
import type { StoredBatch } from '../../ports/durable-log.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asBytes, asInteger, asList, asText, unexpected } from './replies.js';
import type { Scripts } from './script.js';
import type { Replication } from './replication.js';

/** Durable logs in Redis: a stream for each session, in the hash slot of the session's other keys. */
export class RedisDurableLog implements DurableLog {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #replication: Replication;

  constructor(link: RedisLink, keys: Keys, scripts: Scripts, replication: Replication) {
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#replication = replication;
  }

  async open(home: LogHome, newEpoch: string): Promise<OpenedLog | LogRefusal> {
    const args = [home.nodeId, home.homeEpoch, newEpoch];
    const reply = await this.#link.runBinary('log.open', this.#scripts.logOpen, this.#keysOf(home.sessionId), args);
    const [outcome, writer, epoch, seq, batches] = asList(reply);
    return (
      refusalOf(outcome) ?? {
        outcome: 'opened',
        writer: asInteger(textOf(writer)),
        epoch: textOf(epoch),
        seq: asInteger(textOf(seq)),
        batches: asList(batches).map(decodeBatch),
      }
    );
  }

  async reopen(home: LogHome, { epoch, seq, oldestSeq }: KnownLog): ReturnType<DurableLog['reopen']> {
    const args = [home.nodeId, home.homeEpoch, epoch, seq, oldestSeq];
    const reply = await this.#link.run('log.reopen', this.#scripts.logReopen, this.#keysOf(home.sessionId), args);
    const [outcome, writer, newest] = asList(reply);
    return refusalOf(outcome) ?? { outcome: 'opened', writer: asInteger(writer), seq: asInteger(newest) };
  }

  async append(
    home: LogHome,
    writer: number,
    { after, seq, bytes }: LogBatch,
    oldestSeq: number,
  ): ReturnType<DurableLog['append']> {
    const args = [home.nodeId, home.homeEpoch, writer, after, seq, oldestSeq, asBuffer(bytes)];
    const appended = this.#link.run('log.append', this.#scripts.logAppend, this.#keysOf(home.sessionId), args);
    const [reply] = await Promise.all([appended, this.#replication.done()]);
    const [outcome] = asList(reply);
    if (outcome === 'appended' || outcome === 'outdated') return outcome;
    return refusalOf(outcome)?.outcome ?? unreadable();
  }

  #keysOf(id: SessionId): readonly string[] {
    const [fields = ''] = this.#keys.session(id);
    return [fields, this.#keys.sessionLog(id)];
  }
}

function refusalOf(outcome: unknown): LogRefusal | null {
  const text = textOf(outcome);
  return text === 'moved' || text === 'missing' ? { outcome: text } : null;
}

/** Decodes `[id, [name, value, name, value]]`; lua/log-append.lua writes the time, then the batch. */
function decodeBatch(entry: unknown): StoredBatch {
  const [id, fields] = asList(entry);
  const [, appendedAt, , bytes] = asList(fields);
  const [seq = ''] = textOf(id).split('-');
  return { seq: asInteger(seq), appendedAtMs: asInteger(textOf(appendedAt)), bytes: asBytes(bytes) };
}

function textOf(reply: unknown): string {
  return reply instanceof Uint8Array ? Buffer.from(reply).toString() : asText(reply);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unreadable(): never {
  throw unexpected('an outcome of an append');
}
