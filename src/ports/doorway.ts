import type { Admission, ConnectRequest } from './connect.js';

/** One way in, for one family of credentials. */
export interface Doorway {
  /** Whether a credential of this form is for this doorway. It says nothing about whether it is good. */
  takes(credential: string): boolean;
  /** Rejects with the failure that refuses the handshake. */
  admit(credential: string, request: ConnectRequest): Promise<Admission>;
  /** Rejects as `admit` would, and takes nothing. */
  examine(credential: string, request: ConnectRequest): Promise<void>;
}
