/** Fields of a log line. Never payloads, credentials, tokens or addresses. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Logs are named events: `event` is snake_case and stable, fields carry the rest. Writing never throws and never waits.
 * When the output is blocked, the log drops lines instead of delaying the gateway.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `cause` is the thrown value. Its message and stack go only to the log. */
  error(event: string, cause: unknown, fields?: LogFields): void;
}

export interface AuditSink {
  /** Writes the event `audit` as a line of level `info`, also where the log's own level is higher. */
  audit(fields: LogFields): void;
}
