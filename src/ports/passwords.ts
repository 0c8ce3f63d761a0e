/** Slow password hashing, of passwords as RFC 8265 prepares them. Both the number of concurrent hashes and the waiting queue are bounded. */
export interface Passwords {
  /** argon2id in PHC form. Rejects with `too_many_requests` when the queue is full. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password matches the hash, prepared or as given. For null (no such user, or no password) it returns false after the same
   * time, so timing does not reveal which users exist. Rejects with `too_many_requests` when the queue is full.
   */
  matches(phc: string | null, password: string): Promise<boolean>;
}
