import type { Admission, ConnectRequest } from './connect.js';

/** Checks one family of credentials. */
export interface Doorway {
  /** Whether a credential has the form that this doorway handles. It may still be invalid. */
  takes(credential: string): boolean;
  /** Rejects with the failure that refuses the handshake. */
  admit(credential: string, request: ConnectRequest): Promise<Admission>;
  /** Rejects as `admit` would, and takes nothing. */
  examine(credential: string, request: ConnectRequest): Promise<void>;
}
