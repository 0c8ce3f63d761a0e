/** Both ends of the sockets that this node shares with others: it is home to some, and a satellite of other homes. */
import type { Admission } from '../../ports/connect.js';
import type { FarSeat, Satellites } from '../../ports/satellites.js';
import type { NodeId } from '../../protocol/ids.js';
import type { Link } from '../links/link.js';
import type { LinkListener, Links } from '../links/links.js';
import type { HomeEnd } from './home-end.js';
import { FROM_SATELLITE } from './messages.js';
import type { SatelliteEnd } from './satellite-end.js';

export interface LinkedSatellitesDeps {
  readonly links: Links;
  readonly homeEnd: HomeEnd;
  readonly satelliteEnd: SatelliteEnd;
}

export class LinkedSatellites implements Satellites, LinkListener {
  constructor(private readonly deps: LinkedSatellitesDeps) {
    deps.links.listen(this);
  }

  expect(satellite: NodeId, admission: Admission): number {
    return this.deps.homeEnd.expect(satellite, admission);
  }

  admissionAt(home: NodeId, seat: FarSeat): Admission {
    const { links, satelliteEnd } = this.deps;
    return satelliteEnd.admissionAt(() => links.to(home), seat);
  }

  onMessage(link: Link, op: number, a: number, b: number, payload: Uint8Array): void {
    const { homeEnd, satelliteEnd } = this.deps;
    if (op >= FROM_SATELLITE.open) homeEnd.receive(link, op, a, b, payload);
    else satelliteEnd.receive(link, op, a, b, payload);
  }

  onBroken(link: Link): void {
    this.deps.homeEnd.onBroken(link);
    this.deps.satelliteEnd.onBroken(link);
  }
}
