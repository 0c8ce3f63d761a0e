/** Where this node is reached. With port 0 the engine chooses the port, so the URLs are right once the node listens. */
import { reachableAddress } from '../adapters/system/host-address.js';
import type { Config } from '../config/schema.js';
import { workerUrlTemplate } from '../config/worker-rules.js';

/** One of several workers of a machine. */
export interface WorkerRole {
  /** From 1. */
  readonly worker: number;
  /** The port that all workers share. */
  readonly entryPort: number;
  /** The port of this worker alone; 0 picks a free one. */
  readonly ownPort: number;
}

export class NodeAddress {
  /** The address that other nodes reach. */
  readonly host: string;
  private currentPort: number;

  constructor(
    private readonly config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'workerUrl'>,
    /** null: the node is no worker. */
    readonly role: WorkerRole | null,
  ) {
    this.host = reachableAddress(config.host);
    this.currentPort = role?.ownPort ?? config.port;
  }

  /** The port of this node alone. */
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

  /** The URL where clients reach this node and no other. */
  nodeUrl(): string {
    const { role, config } = this;
    if (role === null) return this.publicUrl();
    const template = workerUrlTemplate(config) ?? urlOf(this.host, '{port}');
    return template.replaceAll('{port}', String(this.port)).replaceAll('{worker}', String(role.worker));
  }

  /** The URL that clients use; the workers of a machine have one together. */
  publicUrl(): string {
    return this.config.publicUrl ?? urlOf(this.host, this.role?.entryPort ?? this.port);
  }
}

export function urlOf(host: string, port: number | string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
