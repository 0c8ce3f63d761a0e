import type { AuditSink, Log, LogFields } from '../../src/ports/log.js';

export const silentLog: Log & AuditSink = {
  audit: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps what is logged. */
export class RecordingLog implements Log, AuditSink {
  readonly events: LoggedEvent[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'debug', event, fields });
  }

  info(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'info', event, fields });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'warn', event, fields });
  }

  audit(fields: LogFields): void {
    this.info('audit', fields);
  }

  error(event: string, _cause: unknown, fields: LogFields = {}): void {
    this.events.push({ level: 'error', event, fields });
  }
}
