/**
 * Logs as JSON lines. Writes never wait: what a blocked sink cannot take is kept up to a bound,
 * then dropped and counted.
 */
import { openSync } from 'node:fs';
import { destination as openDestination, pino } from 'pino';
import type { Log, LogFields } from '../../ports/log.js';
import { describeError } from './describe-error.js';
import { redactFields } from './redact.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface PinoLogOptions {
  readonly level: LogLevel;
  /** A file descriptor, or the path of a file to append to; 1 (standard output) by default. */
  readonly destination?: number | string;
  /** Stand on every line, as the node's id does. */
  readonly fields?: LogFields;
}

export interface PinoLog extends Log {
  /** Lines that were lost to a blocked sink, since the start. */
  droppedLines(): number;
  /** Writes out what is kept, or gives up after `deadlineMs` and logs no more. Never rejects. For the end of a process. */
  flushLog(deadlineMs: number): Promise<void>;
}

/** What waits for a blocked sink at most. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Throws when the destination is a path that cannot be opened. */
export function createPinoLog(options: PinoLogOptions): PinoLog {
  const { destination = 1 } = options;
  const sink = openDestination({
    // Opened here, since the sink throws at each write after it failed to open a path.
    dest: typeof destination === 'string' ? openSync(destination, 'a') : destination,
    sync: false,
    maxLength: MAX_BUFFERED_BYTES,
    // Of 0, the default, the sink's flush returns at once with lines still on their way.
    minLength: 1,
  });
  let dropped = 0;
  sink.on('drop', () => {
    dropped += 1;
  });
  // A full disk or a closed pipe must not end the service; nobody is left to tell.
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
    sink,
  );
  return {
    debug: (event, fields = {}) => logger.debug({ event, ...redactFields(fields) }),
    info: (event, fields = {}) => logger.info({ event, ...redactFields(fields) }),
    warn: (event, fields = {}) => logger.warn({ event, ...redactFields(fields) }),
    error: (event, cause, fields = {}) => logger.error({ event, ...redactFields(fields), cause: describeError(cause) }),
    droppedLines: () => dropped,
    flushLog: (deadlineMs) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          // Else the sink's own flush at exit waits for the blocked reader for ever.
          logger.level = 'silent';
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
