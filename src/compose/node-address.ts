/** Where this node is reached. With port 0 the engine chooses the port, so the URLs are right once the node listens. */
import { reachableAddress } from '../adapters/system/host-address.js';
import type { Config } from '../config/schema.js';

export class NodeAddress {
  /** The address that other nodes reach. */
  readonly host: string;
  private currentPort: number;

  constructor(private readonly config: Pick<Config, 'host' | 'port' | 'publicUrl'>) {
    this.host = reachableAddress(config.host);
    this.currentPort = config.port;
  }

  get port(): number {
    return this.currentPort;
  }

  listensOn(port: number): void {
    this.currentPort = port;
  }

  /** The URL of the host that the configuration names. */
  listeningUrl(): string {
    return urlOf(this.config.host, this.port);
  }

  /** The URL of this node itself, whatever stands in front of it. */
  ownUrl(): string {
    return urlOf(this.host, this.port);
  }

  /** The URL that clients use. */
  publicUrl(): string {
    return this.config.publicUrl ?? this.ownUrl();
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
