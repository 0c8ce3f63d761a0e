/**
 * Logs as JSON lines. Writes never wait: what a blocked sink cannot take is kept up to a bound,
 * then dropped and counted.
 */
import { destination as openDestination, pino } from 'pino';
import type { Log, LogFields } from '../../ports/log.js';
import { describeError } from './describe-error.js';
import { redactFields } from './redact.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface PinoLogOptions {
  readonly level: LogLevel;
  /** A file descriptor or a path; 1 (standard output) by default. */
  readonly destination?: number | string;
  /** Stand on every line, as the node's id does. */
  readonly fields?: LogFields;
}

export interface PinoLog extends Log {
  /** Lines that were lost to a blocked sink, since the start. */
  droppedLines(): number;
  /** Writes out what is kept, or gives up after `deadlineMs`. Never rejects. For the end of a process. */
  flushLog(deadlineMs: number): Promise<void>;
}

/** What waits for a blocked sink at most. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

export function createPinoLog(options: PinoLogOptions): PinoLog {
  const sink = openDestination({ dest: options.destination ?? 1, sync: false, maxLength: MAX_BUFFERED_BYTES });
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
        const giveUp = setTimeout(resolve, deadlineMs);
        logger.flush(() => {
          clearTimeout(giveUp);
          resolve();
        });
      }),
  };
}
