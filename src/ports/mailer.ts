/** Mail to users. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Mailer {
  /** Resolves when the next mail server (or the outbox) has accepted the mail; rejects otherwise. */
  send(mail: Mail): Promise<void>;
  /** Finishes or aborts mails in progress, within a second. Idempotent. */
  stop(): Promise<void>;
}

export interface KeptMail extends Mail {
  readonly sentAtMs: number;
}

/** A mailer that keeps the newest mails in this process instead of sending them. */
export interface Outbox extends Mailer {
  /** Newest first. */
  recent(): readonly KeptMail[];
}
