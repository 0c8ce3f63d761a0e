/** Mail to users. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Mailer {
  /** Resolves when the mail was taken over by the next server (or kept in the outbox); rejects when it was not. */
  send(mail: Mail): Promise<void>;
  /** Finishes or gives up what runs, within a second. Idempotent. */
  stop(): Promise<void>;
}

export interface KeptMail extends Mail {
  readonly sentAtMs: number;
}

/** A mailer that keeps the newest mails in this process, in place of sending them. */
export interface Outbox extends Mailer {
  /** Newest first. */
  recent(): readonly KeptMail[];
}
