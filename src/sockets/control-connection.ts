/** A connection whose control frames this node reads. */
import { parseClientControl, type ClientControl } from '../protocol/client-control.js';
import { BaseConnection } from './base-connection.js';

export abstract class ControlConnection extends BaseConnection {
  protected abstract handleFrame(frame: ClientControl): void;

  protected override handleText(bytes: Uint8Array): void {
    const frame = parseClientControl(bytes);
    if ('fault' in frame) this.refuse(frame.fault, frame.ref ?? null);
    else this.handleFrame(frame);
  }
}
