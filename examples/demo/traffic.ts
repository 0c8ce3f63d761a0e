/** Every player sends to all others for some seconds; each receiver checks that every message comes once and in order. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Message, RelayClient } from '../../src/client/client.js';

export const SECONDS = 4;
export const VOLATILE_PER_S = 20;
const TICK_MS = 1000 / VOLATILE_PER_S;
const LAST_MESSAGES_MS = 3_000;

export class Traffic {
  readonly latencyMs = { volatile: new Array<number>(), reliable: new Array<number>(), ack: new Array<number>() };
  sent = 0;
  delivered = 0;
  /** Messages that were repeated, or overtaken by a later one of the same sender. */
  wrong = 0;
  private readonly newest = new Map<string, number>();

  constructor(private readonly clients: readonly RelayClient[]) {}

  /** Each message is due once at every other player. */
  get due(): number {
    return this.sent * (this.clients.length - 1);
  }

  async run(): Promise<void> {
    const stops = this.clients.map((client) => client.on('message', (message) => this.onMessage(client, message)));
    const startMs = performance.now();
    await Promise.all(
      this.clients.map((client, i) => this.play(client, startMs + (i * TICK_MS) / this.clients.length)),
    );
    const deadlineMs = performance.now() + LAST_MESSAGES_MS;
    while (this.delivered < this.due && performance.now() < deadlineMs) await pause(10);
    for (const stop of stops) stop();
  }

  /** 20 volatile messages a second, and a reliable one each second. */
  private async play(client: RelayClient, startMs: number): Promise<void> {
    const acks: Promise<void>[] = [];
    let n = 0;
    const next = (): string => {
      n += 1;
      this.sent += 1;
      return `${n} ${performance.now()}`;
    };
    for (let tick = 0; tick < SECONDS * VOLATILE_PER_S; tick += 1) {
      await pause(Math.max(0, startMs + tick * TICK_MS - performance.now()));
      client.send(next());
      if (tick % VOLATILE_PER_S === VOLATILE_PER_S / 2) acks.push(this.sendReliable(client, next()));
    }
    await Promise.all(acks);
  }

  private async sendReliable(client: RelayClient, text: string): Promise<void> {
    const sentMs = performance.now();
    await client.send(text, { class: 'reliable', ack: true });
    this.latencyMs.ack.push(performance.now() - sentMs);
  }

  private onMessage(receiver: RelayClient, message: Message): void {
    if (message.fromBackend) return;
    const [n = 0, sentMs = 0] = message.text().split(' ').map(Number);
    const stream = `${message.sender}>${receiver.me?.index ?? '?'}`;
    if (n !== (this.newest.get(stream) ?? 0) + 1) this.wrong += 1;
    this.newest.set(stream, n);
    this.delivered += 1;
    this.latencyMs[message.class === 'reliable' ? 'reliable' : 'volatile'].push(performance.now() - sentMs);
  }
}
