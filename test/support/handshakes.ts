/** Handshakes from chosen addresses of this machine, and what comes of them. */
import { request } from 'node:http';

/** The status of the answer; 101 when it became a socket, which is closed at once. Rejects when there is no answer. */
export function statusOfHandshake(port: number, localAddress: string, credential: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${credential}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const outgoing = request({ host: '127.0.0.1', port, path: '/v1/connect', localAddress, agent: false, headers });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    outgoing.end();
  });
}

export interface Siege {
  /** How often each status was answered. */
  readonly attacker: ReadonlyMap<number, number>;
  readonly victim: ReadonlyMap<number, number>;
}

export interface SiegeOptions {
  readonly port: number;
  /** The victim's credential; it is good. */
  readonly credential: string;
  readonly forMs: number;
  readonly attackPerS: number;
  readonly victimPerS: number;
}

/** One client sends bad handshakes while another one, at another address, sends good ones. */
export async function besiege(options: SiegeOptions): Promise<Siege> {
  const { port, credential, forMs, attackPerS, victimPerS } = options;
  const [attacker, victim] = await Promise.all([
    repeat(attackPerS, forMs, () => statusOfHandshake(port, '127.0.0.2', 'nonsense')),
    repeat(victimPerS, forMs, () => statusOfHandshake(port, '127.0.0.3', credential)),
  ]);
  return { attacker, victim };
}

/** Keeps the rate, whatever the answers take. */
async function repeat(
  perS: number,
  forMs: number,
  attempt: () => Promise<number>,
): Promise<ReadonlyMap<number, number>> {
  const startedMs = performance.now();
  const attempts: Promise<number>[] = [];
  while (performance.now() - startedMs < forMs) {
    const due = ((performance.now() - startedMs) / 1000) * perS;
    while (attempts.length < due) attempts.push(attempt());
    await new Promise((resolve) => setTimeout(resolve, 1000 / perS / 2));
  }
  const counts = new Map<number, number>();
  for (const status of await Promise.all(attempts)) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
