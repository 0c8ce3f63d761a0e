/** Passwords, hashed slowly on purpose. How many run at once is bounded; those beyond wait in a bounded line. */
export interface Passwords {
  /** argon2id in PHC form. Rejects with `too_many_requests` when the line is full. */
  hash(password: string): Promise<string>;
  /**
   * Whether it is this password. null (no such user, no password) takes as long and is false, so that time does not tell
   * who exists. Rejects with `too_many_requests` when the line is full.
   */
  matches(phc: string | null, password: string): Promise<boolean>;
}
