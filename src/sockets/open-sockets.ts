/** The open sockets of this node by their user, whatever they open. */
import { ListsByKey } from '../lib/lists-by-key.js';
import type { Admission, SocketListener } from '../ports/connect.js';
import type { UserId } from '../protocol/ids.js';

export class OpenSockets implements SocketListener {
  private readonly lists = new ListsByKey<UserId, Admission>();

  /** The number of users with a socket. */
  get size(): number {
    return this.lists.size;
  }

  /** Each socket as it was admitted. */
  of(userId: UserId): readonly Admission[] {
    return this.lists.of(userId);
  }

  onOpened(admission: Admission): void {
    this.lists.add(admission.userId, admission);
  }

  onClosed(admission: Admission): void {
    this.lists.remove(admission.userId, (open) => open === admission);
  }
}
