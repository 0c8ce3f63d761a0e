/** The store's last word on a room's session: its settings, and its host. It tells nobody: its room does. */
import type { Role } from '../../protocol/server-control.js';
import type { Clock } from '../../ports/clock.js';
import type { Host, RelaySession } from '../../ports/relay-session.js';
import type { HomeCopy } from './home-copy.js';

export class Settings {
  private settledAt = -Infinity;
  private currentHost: Host;

  constructor(
    private current: RelaySession,
    private readonly copy: HomeCopy,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    this.currentHost = current.host;
  }

  get session(): RelaySession {
    return this.current;
  }

  get settledAtMs(): number {
    return this.settledAt;
  }

  get host(): Host {
    return this.currentHost;
  }

  roleOf(index: number): Role {
    return this.currentHost.index === index ? 'host' : 'client';
  }

  /** A room keeps the home and the epoch that it began with: they say under which claim it acts. */
  take(session: RelaySession): void {
    const { homeNodeId, homeEpoch } = this.current;
    if (session.homeEpoch !== homeEpoch) this.copy.isSuspect = true;
    this.copy.prolong(session.expiresAtMs - this.current.expiresAtMs);
    this.current = { ...session, homeNodeId, homeEpoch };
    this.settledAt = this.clock.monotonicMs();
  }

  /** Takes over the host, unless its term is older than the known one. Returns whether anything changed. */
  takeHost(host: Host): boolean {
    const { index, term } = this.currentHost;
    if (host.term < term) return false;
    this.currentHost = host;
    return host.term !== term || host.index !== index;
  }
}
