/** A TCP proxy that does to a connection what networks do: it stalls, and cuts instead of handing a reply on. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class ChaosProxy {
  /** Asked for each piece that the server sends: true cuts the connection instead, both ways, by a reset. */
  cutsReply: () => boolean = () => false;
  cuts = 0;
  /** How many connections were made. */
  accepted = 0;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private isStalled = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<ChaosProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = new ChaosProxy(server, port);
    server.on('connection', (client) => proxy.join(client, targetPort));
    return proxy;
  }

  /** Holds back the server's bytes; the client's bytes go on. */
  stall(): void {
    this.isStalled = true;
    for (const [, upstream] of this.pairs) upstream.pause();
  }

  /** Holds back the bytes of the server and of the clients that are connected. */
  silence(): void {
    this.stall();
    for (const [client] of this.pairs) client.pause();
  }

  resume(): void {
    this.isStalled = false;
    for (const socket of [...this.pairs].flat()) socket.resume();
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of [...this.pairs]) this.drop(pair);
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, targetPort: number): void {
    this.accepted += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    if (this.isStalled) upstream.pause();
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => this.drop(pair));
    }
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (this.cutsReply()) this.drop(pair);
      else client.write(bytes);
    });
  }

  private drop(pair: readonly [Socket, Socket]): void {
    if (!this.pairs.delete(pair)) return;
    this.cuts += 1;
    for (const socket of pair) socket.resetAndDestroy();
  }
}

/** Numbers from 0 to 1 that a seed gives again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
