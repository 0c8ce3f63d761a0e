/**
 * Where a client connects: the WebSocket URL below a node's base URL, with its port written out. Takes ws, wss, http and
 * https. Throws for text that is not a URL.
 */
export function connectLink(baseUrl: string): string {
  const { protocol, hostname, port, pathname } = new URL(baseUrl);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  const portNumber = port === '' ? (isSecure ? '443' : '80') : port;
  return `${isSecure ? 'wss' : 'ws'}://${hostname}:${portNumber}${pathname.replace(/\/+$/, '')}/v1/connect`;
}
