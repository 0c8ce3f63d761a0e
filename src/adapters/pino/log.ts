/**
 * Logs as JSON lines, or as lines for people. Writes never wait: while the output is blocked, the log buffers lines up to
 * a bound, then drops and counts them.
 */
import { openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { destination as openDestination, pino, type DestinationStream } from 'pino';
import type { AuditSink, Log, LogFields } from '../../ports/log.js';
import { describeError } from './describe-error.js';
import { prettyLine } from './pretty.js';
import { redactFields } from './redact.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** `auto`: for people where the destination is a terminal, else JSON. */
export type LogFormat = 'auto' | 'json' | 'pretty';

export interface PinoLogOptions {
  /** The lowest level that is written. `silent` writes nothing at all; every other level keeps the audit log. */
  readonly level: LogLevel;
  /** Default: `json`. */
  readonly format?: LogFormat;
  /** A file descriptor, or the path of a file to append to; default 1 (standard output). */
  readonly destination?: number | string;
  /** Fields on every line, for example the node's id. */
  readonly fields?: LogFields;
}

export interface PinoLog extends Log, AuditSink {
  /** Resolves when the lines so far are written, or after `deadlineMs`. Never rejects. */
  written(deadlineMs: number): Promise<void>;
  /** Lines dropped since the start because the output was blocked. */
  droppedLines(): number;
  /**
   * Writes all buffered lines, or gives up after `deadlineMs` and stops logging. Never rejects. Call it at the end of a
   * process.
   */
  flushLog(deadlineMs: number): Promise<void>;
}

/** Most bytes that are buffered while the output is blocked. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Throws when a destination path cannot be opened. */
export function createPinoLog(options: PinoLogOptions): PinoLog {
  const { destination = 1, format = 'json' } = options;
  const sink = openDestination({
    // Open the file here: if the sink fails to open a path, it throws at each write.
    dest: typeof destination === 'string' ? openSync(destination, 'a') : destination,
    sync: false,
    maxLength: MAX_BUFFERED_BYTES,
    // With 0, the default, the sink's flush returns at once although lines are still being written.
    minLength: 1,
  });
  const isTerminal = typeof destination === 'number' && isatty(destination);
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  let dropped = 0;
  sink.on('drop', () => {
    dropped += 1;
  });
  // A full disk or a closed pipe must not end the service, and the error cannot be logged.
  sink.on('error', () => {
    dropped += 1;
  });
  const logger = pino(
    {
      level: options.level,
      base: redactFields(options.fields ?? {}),
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {},
    },
    isPretty ? prettyStream(sink, isTerminal) : sink,
  );
  const auditLogger = options.level === 'silent' ? logger : logger.child({}, { level: 'info' });
  return {
    debug: (event, fields = {}) => {
      // Most gateways run above this level, and requests and joins are many.
      if (logger.isLevelEnabled('debug')) logger.debug({ event, ...redactFields(fields) });
    },
    info: (event, fields = {}) => logger.info({ event, ...redactFields(fields) }),
    warn: (event, fields = {}) => logger.warn({ event, ...redactFields(fields) }),
    error: (event, cause, fields = {}) => logger.error({ event, ...redactFields(fields), cause: describeError(cause) }),
    audit: (fields) => auditLogger.info({ event: 'audit', ...redactFields(fields) }),
    written: (deadlineMs) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(resolve, deadlineMs);
        logger.flush(() => {
          clearTimeout(giveUp);
          resolve();
        });
      }),
    droppedLines: () => dropped,
    flushLog: (deadlineMs) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          // Otherwise the sink's own flush at exit waits forever for a blocked reader.
          logger.level = 'silent';
          auditLogger.level = 'silent';
          sink.destroy();
          resolve();
        }, deadlineMs);
        logger.flush(() => {
          clearTimeout(giveUp);
          resolve();
        });
      }),
  };
}

type Sink = ReturnType<typeof openDestination>;

/** With the sink's own `flush`, which the logger calls. */
function prettyStream(sink: Sink, hasColor: boolean): DestinationStream & Pick<Sink, 'flush'> {
  return {
    write: (line) => {
      sink.write(prettyLine(line, hasColor));
    },
    flush: (done) => {
      sink.flush(done);
    },
  };
}
