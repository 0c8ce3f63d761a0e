/** Fields of a log line. Never payloads, credentials, tokens or addresses. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Logs are named events: `event` is snake_case and stable, fields carry the rest.
 * Writing never throws and never waits; a blocked sink loses lines, not service.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `cause` is what was thrown; its message and stack go to the log and nowhere else. */
  error(event: string, cause: unknown, fields?: LogFields): void;
}
