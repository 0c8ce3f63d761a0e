/**
 * Cuts off a WebSocket of Node. Its class (Node 22 and later) has no `terminate`: after `close` it waits for a peer that
 * may be gone, and keeps the process alive. Node tells over a diagnostics channel which TCP socket carries a request.
 */

export interface Cutter {
  /** Ends the TCP connection; does nothing where the socket is unknown. */
  cut(): void;
  /** Stops listening. */
  release(): void;
}

interface Channels {
  subscribe(name: typeof CHANNEL, listener: (sending: Sending) => void): void;
  unsubscribe(name: typeof CHANNEL, listener: (sending: Sending) => void): void;
}

/** The head of a request goes out on a TCP connection. */
interface Sending {
  readonly headers: unknown;
  readonly socket: { destroy(): void };
}

const CHANNEL = 'undici:client:sendHeaders';

/** Call it before the WebSocket is made. `mark`: a text that only the headers of that handshake hold. */
export function watchForSocket(mark: string): Cutter {
  const channels = findChannels();
  let destroy: () => void = () => undefined;
  const release = (): void => channels?.unsubscribe(CHANNEL, onHeaders);
  function onHeaders({ headers, socket }: Sending): void {
    if (!String(headers).includes(mark)) return;
    destroy = () => socket.destroy();
    release();
  }
  channels?.subscribe(CHANNEL, onHeaders);
  return {
    cut: () => {
      release();
      destroy();
    },
    release,
  };
}

/** null outside Node. Bundlers leave a built-in module alone that is got this way. */
function findChannels(): Channels | null {
  const node: unknown = Reflect.get(globalThis, 'process');
  return hasModules(node) ? (node.getBuiltinModule('diagnostics_channel') ?? null) : null;
}

function hasModules(value: unknown): value is { getBuiltinModule(name: 'diagnostics_channel'): Channels | undefined } {
  return typeof value === 'object' && value !== null && 'getBuiltinModule' in value;
}
