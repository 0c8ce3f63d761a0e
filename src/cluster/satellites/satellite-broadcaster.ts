/** Publishes to the sockets of this node, and once to each satellite that has subscribers. */
import type { Broadcaster, ClientSocket } from '../../ports/socket.js';
import type { FarTopics } from './far-topics.js';
import { FROM_HOME, NO_SOCKET } from './messages.js';
import { RemoteSocket } from './remote-socket.js';

export class SatelliteBroadcaster implements Broadcaster {
  constructor(
    private readonly local: Broadcaster,
    private readonly farTopics: FarTopics,
  ) {}

  publish(topic: string, frame: string | Uint8Array, except: ClientSocket | null): void {
    const remote = except instanceof RemoteSocket ? except : null;
    this.local.publish(topic, frame, remote === null ? except : null);
    const far = this.farTopics.find(topic);
    if (far === undefined) return;
    const op = typeof frame === 'string' ? FROM_HOME.publishText : FROM_HOME.publishBinary;
    for (const link of far.satellites.keys()) {
      link.send(op, far.id, remote?.link === link ? remote.id : NO_SOCKET, frame);
    }
  }
}
