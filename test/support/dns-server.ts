/** A DNS server on loopback that answers by a script: what a name leads to may change from one question to the next. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import type { Address } from '../../src/adapters/outbound/outbound.js';

export interface DnsServer {
  /** How often each name was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  /** Resolves a name by asking this server for IPv4 and IPv6 addresses. */
  resolve(name: string): Promise<readonly Address[]>;
  stop(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
const NO_TTL = 0;
/** The question's own name. */
const SAME_NAME = 0xc00c;
const ANSWER_FLAGS = 0x8180;

/** `answers`: for each name the addresses of the first answer, of the second, and so on; the last one repeats. */
export async function startDnsServer(
  answers: Readonly<Record<string, readonly (readonly string[])[]>>,
): Promise<DnsServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const { name, type, end } = readQuestion(question);
    const script = answers[name] ?? [];
    const count = asked.get(name) ?? 0;
    if (type === TYPE_A) asked.set(name, count + 1);
    const addresses = type === TYPE_A ? (script[Math.min(count, script.length - 1)] ?? []) : [];
    socket.send(answerTo(question.subarray(0, end), addresses), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${String(port)}`]);
  return {
    asked,
    async resolve(name) {
      const found = await resolver.resolve4(name);
      return found.map((address) => ({ address, family: 4 }));
    },
    stop: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function readQuestion(packet: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = packet.readUInt8(at); length > 0; length = packet.readUInt8(at)) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: packet.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(ANSWER_FLAGS, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(SAME_NAME, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt32BE(NO_TTL, 6);
    record.writeUInt16BE(4, 10);
    record.set(address.split('.').map(Number), 12);
    return record;
  });
  return Buffer.concat([head, ...records]);
}
