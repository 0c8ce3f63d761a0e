/** The open sockets of this node by their user, whatever they open. */
import type { Admission, SocketListener } from '../ports/connect.js';
import type { UserId } from '../protocol/ids.js';

export class OpenSockets implements SocketListener {
  private readonly byUser = new Map<UserId, Set<Admission>>();

  /** Each socket as it was admitted. */
  of(userId: UserId): Iterable<Admission> {
    return this.byUser.get(userId) ?? [];
  }

  onOpened(admission: Admission): void {
    const sockets = this.byUser.get(admission.userId);
    if (sockets === undefined) this.byUser.set(admission.userId, new Set([admission]));
    else sockets.add(admission);
  }

  onClosed(admission: Admission): void {
    const sockets = this.byUser.get(admission.userId);
    if (sockets?.delete(admission) === true && sockets.size === 0) this.byUser.delete(admission.userId);
  }
}
